// Joins what a machine wrote of its motions with what its board was told: each INTENT with its OUTCOMEs and with the
// orders to move that reached the board for it.
import type { Motion } from './motions.ts';
import type { MuseumMachine } from './museum.ts';
import type { RowFacts } from './tour-row.ts';

export interface IntendedMotion {
  readonly intent: RowFacts;
  /** In order of the journal. */
  readonly outcomes: readonly RowFacts[];
  readonly motions: readonly Motion[];
}

export interface MotionLedger {
  readonly machine: MuseumMachine;
  readonly intended: readonly IntendedMotion[];
  /** Orders to move that no INTENT of that slot or direction had preceded. */
  readonly unintended: readonly Motion[];
  /** OUTCOMEs that name an act of no INTENT. */
  readonly strayOutcomes: readonly RowFacts[];
}

const movingActs: ReadonlySet<string> = new Set(['admit', 'exit', 'dispense', 'open']);
/** An OUTCOME is written within a moment of its edge; bytes already on the line then belong to its INTENT. */
const onTheLineUs = 200_000;

export function ledgerOf(machine: MuseumMachine): MotionLedger {
  const outcomes = machine.rows.filter(
    (row) => row.type === 'OUTCOME' && movingActs.has(row.act) && row.actId !== null,
  );
  const intended = machine.rows
    .filter(({ type }) => type === 'INTENT')
    .map((intent) => ({
      intent,
      outcomes: outcomes.filter(({ actId }) => actId === intent.actId),
      motions: [] as Motion[],
    }));
  const unintended = machine.motions.filter((motion) => {
    const target = intentOf(motion, intended);
    target?.motions.push(motion);
    return target === null;
  });
  const acts = new Set(intended.map(({ intent }) => intent.actId));
  return { machine, intended, unintended, strayOutcomes: outcomes.filter(({ actId }) => !acts.has(actId)) };
}

/**
 * The oldest INTENT still open at that time whose motion has not been seen; else the newest one before it, whose
 * second motion this then is.
 */
function intentOf<T extends IntendedMotion>(motion: Motion, intended: readonly T[]): T | null {
  const before = intended.filter(
    ({ intent }) =>
      intent.tMonoMs * 1000 <= motion.atUs &&
      intent.slot === motion.slot &&
      (motion.direction === null || intent.direction === motion.direction),
  );
  const open = before.filter(({ outcomes, motions }) => {
    const [ended] = outcomes;
    return motions.length === 0 && (ended === undefined || ended.tMonoMs * 1000 + onTheLineUs >= motion.atUs);
  });
  return open[0] ?? before.at(-1) ?? null;
}
