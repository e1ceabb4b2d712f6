// What the rows of a gate lane say of people: who was let in and went through, who only might have, who came without a
// ticket, and who left.
import type { MuseumMachine } from './museum.ts';
import type { RowFacts } from './tour-row.ts';

/** A ticket used: somebody was let in and the sensor saw them go through, be it that the news of it came late. */
export const isRedemption = ({ type, act, outcome, direction }: RowFacts): boolean =>
  type === 'OUTCOME' && (act === 'admit' || act === 'correction') && outcome === 'passed' && direction === 'entry';

/** Nobody knows: inside for the count, the ticket not used. */
export const isEntryInDoubt = ({ type, act, outcome, direction }: RowFacts): boolean =>
  type === 'OUTCOME' && act === 'admit' && outcome === 'in_doubt' && direction === 'entry';

export const isExit = ({ type, act, outcome }: RowFacts): boolean =>
  type === 'OUTCOME' && act === 'exit' && outcome === 'passed';

const bodies: ReadonlySet<string | null> = new Set(['tailgate', 'forced']);
export const isBodyWithoutTicket = ({ act, incident }: RowFacts): boolean =>
  act === 'child' || (act === 'incident' && bodies.has(incident));

export const isFire = ({ act, incident }: RowFacts): boolean => act === 'incident' && incident === 'fire';

/** When the lane wrote that it let this person in; the row itself where it did not. */
export function letInUs({ rows }: MuseumMachine, row: RowFacts): number {
  const intent = rows.find(
    ({ type, actId, tx }) =>
      type === 'INTENT' && (row.actId === null ? tx !== null && tx === row.tx : actId === row.actId),
  );
  return atUs(intent ?? row);
}

/** Row times are whole milliseconds, rounded down. */
export const atUs = (row: RowFacts): number => row.tMonoMs * 1000;
