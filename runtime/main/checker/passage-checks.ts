// Checks of the barrier: what the lanes wrote of people against what people did there, by mechanics alone.
import { placeOf } from './findings.ts';
import { atUs, isBodyWithoutTicket, isEntryInDoubt, isExit, isFire, isRedemption, letInUs } from './lane-rows.ts';
import type { Passage } from './machines.ts';
import type { Museum, MuseumMachine } from './museum.ts';
import { outagesOfMachine } from './museum-outages.ts';
import type { MuseumStory } from './museum-story.ts';
import { pairUp } from './pairing.ts';
import type { RowFacts } from './tour-row.ts';
import { judgeSome, type TourCheck } from './verdict.ts';

/** A sensor's edge is on its way through board, line and desk; on a busy machine for this long at most. */
const sensedWithinUs = 3_000_000;

/** Used tickets = people with one who went through; exits = people who left; bodies without a ticket were reported. */
export function checkPassages({ lanes, story }: Museum): TourCheck {
  const faults = lanes.flatMap((lane) => [...laneFaults(lane, story)]);
  const passages = lanes.flatMap((lane) => lane.passages.filter(crossed));
  const redeemed = lanes.flatMap(({ rows }) => rows.filter(isRedemption)).length;
  const summary = `${passages.length} persons went through, ${redeemed} on a ticket that this used`;
  return judgeSome('passages-are-admissions', redeemed === 0 ? 0 : passages.length, faults, summary);
}

const crossed = ({ outcome }: Passage): boolean => outcome === 'passed' || outcome === 'tailgated';

function* laneFaults(lane: MuseumMachine, story: MuseumStory): Iterable<string> {
  const { terminal, rows } = lane;
  const went = (direction: Passage['direction']) =>
    lane.passages.filter((passage) => crossed(passage) && passage.direction === direction);
  const ins = pairUp(rows.filter(isRedemption), went('entry'), (row, passage) =>
    within(passage, letInUs(lane, row), row),
  );
  for (const row of ins.lonely) yield `${terminal} ${placeOf(row)}: a ticket was used and nobody went in`;
  const outs = pairUp(rows.filter(isExit), went('exit'), (row, passage) =>
    within(passage, atUs(row) - sensedWithinUs, row),
  );
  for (const row of outs.lonely) yield `${terminal} ${placeOf(row)}: an exit was counted and nobody went out`;
  const without = pairUp(rows.filter(isBodyWithoutTicket), ins.left, (row, passage) =>
    within(passage, atUs(row) - sensedWithinUs, row),
  );
  for (const row of without.lonely) yield `${terminal} ${placeOf(row)}: a body was reported and nobody went in`;
  const doubts = pairUp(rows.filter(isEntryInDoubt), without.left, (row, passage) =>
    within(passage, letInUs(lane, row), row),
  );
  for (const passage of [...doubts.left, ...outs.left]) {
    if (!unseen(passage, lane, story))
      yield `${terminal}: somebody went through at ${passage.atUs} us (${passage.direction}), and no row says so`;
  }
}

const within = (passage: Passage, fromUs: number, row: RowFacts): boolean =>
  passage.atUs >= fromUs - 1_000 && passage.atUs <= atUs(row) + 1_000;

/** A lane that is dead sees nobody, and one in a fire counts nobody. */
const unseen = (passage: Passage, lane: MuseumMachine, story: MuseumStory): boolean =>
  [...outagesOfMachine(lane, story), ...fireSpans(lane, story)].some(
    ({ fromUs, toUs }) => passage.atUs >= fromUs && passage.atUs <= toUs,
  );

/** From the contact to the staff's word that it is over. */
const fireSpans = (lane: MuseumMachine, story: MuseumStory) =>
  story.fires
    .filter(({ terminal }) => terminal === lane.terminal)
    .map(({ fromUs }) => {
      const cleared = lane.rows.find((row) => row.act === 'fireCleared' && atUs(row) >= fromUs);
      return { fromUs, toUs: cleared ? atUs(cleared) : Number.POSITIVE_INFINITY };
    });

/** No ticket lets more persons in than it is for, whichever lanes it is shown at. */
export function checkTicketsUsedOnce({ lanes }: Museum): TourCheck {
  const uses = new Map<string, number>();
  const entitled = new Map<string, number>();
  for (const row of lanes.flatMap(({ rows }) => rows)) {
    if (row.issuer === null || row.cti === null) continue;
    const ticket = `${row.issuer}/${row.cti}`;
    if (isRedemption(row)) uses.set(ticket, (uses.get(ticket) ?? 0) + 1);
    if (row.type === 'INTENT' && row.act === 'admit' && row.uses !== null)
      entitled.set(ticket, Math.min(row.uses, entitled.get(ticket) ?? row.uses));
  }
  const faults = [...uses]
    .filter(([ticket, used]) => used > (entitled.get(ticket) ?? 1))
    .map(([ticket, used]) => `ticket ${ticket} let ${used} persons in and is for ${entitled.get(ticket) ?? 1}`);
  const summary = `${uses.size} tickets used, none for more persons than it is for`;
  return judgeSome('no-ticket-used-twice', uses.size, faults, summary);
}

interface Step {
  readonly atUs: number;
  readonly by: 1 | -1;
  /** Somebody was let in here, and may be only where there is room. */
  readonly admits: string | null;
}

/** All lanes on one axis of time: by their rows, and by what people did. A body without a ticket fills a place too. */
export function checkCapacity({ lanes, story }: Museum): TourCheck {
  const written = lanes.flatMap((lane) => lane.rows.flatMap((row) => stepOfRow(lane, row)));
  const walked = lanes.flatMap((lane) => lane.passages.flatMap((passage) => stepOfPassage(lane, story, passage)));
  const accounts = { rows: written, barriers: walked };
  const faults = Object.entries(accounts).flatMap(([of, steps]) => [...overfull(of, steps, story.capacity)]);
  const admissions = written.filter(({ admits }) => admits !== null).length;
  const summary = `${admissions} admissions, never more than ${story.capacity} persons inside`;
  return judgeSome('capacity-held', admissions, faults, summary);
}

function stepOfRow({ terminal }: MuseumMachine, row: RowFacts): readonly Step[] {
  if (isRedemption(row)) return [{ atUs: atUs(row), by: 1, admits: `${terminal} ${placeOf(row)}` }];
  if (isEntryInDoubt(row) || isBodyWithoutTicket(row)) return [{ atUs: atUs(row), by: 1, admits: null }];
  return isExit(row) ? [{ atUs: atUs(row), by: -1, admits: null }] : [];
}

function stepOfPassage(lane: MuseumMachine, story: MuseumStory, passage: Passage): readonly Step[] {
  if (!crossed(passage)) return [];
  if (passage.direction === 'exit') return [{ atUs: passage.atUs, by: -1, admits: null }];
  const free = passage.outcome === 'tailgated' || unseen(passage, lane, story);
  return [{ atUs: passage.atUs, by: 1, admits: free ? null : `${lane.terminal} at ${passage.atUs} us` }];
}

function* overfull(of: string, steps: readonly Step[], capacity: number): Iterable<string> {
  let inside = 0;
  for (const { by, admits } of [...steps].sort((a, b) => a.atUs - b.atUs)) {
    inside = Math.max(0, inside + by);
    if (admits !== null && inside > capacity)
      yield `${admits}: person ${inside} inside where ${capacity} may be, by ${of}`;
  }
}

/** Bytes that were on the line when the fire was written down. */
const onTheLineUs = 200_000;

/** From the row of a fire to the staff's word that it is over, nobody is let in and no ticket is used. */
export function checkFires({ lanes, story }: Museum): TourCheck {
  const faults = story.fires.flatMap((fire) => {
    const lane = lanes.find(({ terminal }) => terminal === fire.terminal);
    if (!lane) return [`a fire is told of ${fire.terminal}, which is no gate lane`];
    const noticed = lane.rows.find((row) => isFire(row) && atUs(row) + 1_000 >= fire.fromUs && atUs(row) <= fire.toUs);
    return noticed
      ? [...fireFaults(lane, noticed)]
      : [`${fire.terminal} did not write down the fire at ${fire.fromUs} us`];
  });
  const summary = `${story.fires.length} fire(s), nobody was let in and no ticket used`;
  return judgeSome('no-redemption-in-fire', story.fires.length, faults, summary);
}

function* fireFaults(lane: MuseumMachine, noticed: RowFacts): Iterable<string> {
  const after = lane.rows.slice(lane.rows.indexOf(noticed) + 1);
  const cleared = after.findIndex(({ act }) => act === 'fireCleared');
  for (const row of cleared < 0 ? after : after.slice(0, cleared))
    if (letsIn(row)) yield `${lane.terminal} ${placeOf(row)}: ${row.type} of an admission in a fire`;
  const [fromUs, toRow] = [atUs(noticed) + onTheLineUs, after[cleared]];
  for (const motion of lane.motions)
    if (motion.atUs > fromUs && motion.direction !== 'exit' && (!toRow || motion.atUs < atUs(toRow)))
      yield `${lane.terminal} board line ${motion.line + 1}: the entry was released in a fire`;
}

const letsIn = (row: RowFacts): boolean => isRedemption(row) || (row.type === 'INTENT' && row.act === 'admit');
