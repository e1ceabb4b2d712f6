// Checks of the fourth law, two-phase motion: what moved had been written down, durably and before; it moved once;
// and what became of it was written down once.
import { placeOf } from './findings.ts';
import type { RowSight } from './machines.ts';
import type { IntendedMotion, MotionLedger } from './motion-ledger.ts';
import type { Motion } from './motions.ts';
import { outageAround } from './museum-outages.ts';
import type { MuseumStory } from './museum-story.ts';
import type { RowFacts } from './tour-row.ts';
import { judgeSome, type TourCheck } from './verdict.ts';

/** The board moved for INTENTs and for nothing else, and for each of them unless its machine was killed in between. */
export function checkMotionsAreIntents(ledgers: readonly MotionLedger[], story: MuseumStory): TourCheck {
  const faults: string[] = [];
  let excused = 0;
  for (const { machine, intended, unintended } of ledgers) {
    for (const motion of unintended) faults.push(`${at(machine.terminal, motion)} moved without an INTENT`);
    for (const { intent, motions } of intended) {
      if (motions.length > 0) continue;
      if (outageAround(machine, story, intent)) excused++;
      else faults.push(`${machine.terminal} ${placeOf(intent)}: INTENT and no motion`);
    }
  }
  const motions = sum(ledgers, ({ machine }) => machine.motions.length);
  const intents = sum(ledgers, ({ intended }) => intended.length);
  const summary = `${motions} motions, ${intents} INTENTs, ${excused} cut off by a kill`;
  return judgeSome('motions-are-intents', motions, faults, summary);
}

/** What another process could read in the journal when the bytes came: at least the INTENT. */
export function checkNoMotionBeforeCommit(ledgers: readonly MotionLedger[]): TourCheck {
  const faults = ledgers.flatMap(({ machine, intended }) =>
    intended.flatMap(({ intent, motions }) =>
      motions.flatMap((motion) => {
        const sight = machine.trace[motion.line]?.journal ?? null;
        if (sight === null) return [`${at(machine.terminal, motion)} moved and nobody looked at the journal`];
        return reaches(sight, intent)
          ? []
          : [`${at(machine.terminal, motion)} moved with ${placeOf(sight)} durable, its INTENT is ${placeOf(intent)}`];
      }),
    ),
  );
  const motions = sum(ledgers, ({ machine }) => machine.motions.length);
  return judgeSome(
    'no-motion-before-commit',
    motions,
    faults,
    `${motions} motions, each after the commit of its INTENT`,
  );
}

const reaches = (sight: RowSight, { epoch, seq }: RowFacts): boolean =>
  sight.epoch > epoch || (sight.epoch === epoch && sight.seq >= seq);

/**
 * One motion for one INTENT. A transaction that moves again does so under a new INTENT, after an OUTCOME that allows
 * it; and an order of the head end is carried out by one transaction.
 */
export function checkNoSecondMotion(ledgers: readonly MotionLedger[]): TourCheck {
  const faults = ledgers.flatMap(({ machine, intended }) => [
    ...intended
      .filter(({ motions }) => motions.length > 1)
      .map(({ intent, motions }) => `${machine.terminal} ${placeOf(intent)}: moved ${motions.length} times`),
    ...retryFaults(machine.terminal, intended),
  ]);
  faults.push(...orderFaults(ledgers));
  const intents = sum(ledgers, ({ intended }) => intended.length);
  return judgeSome('no-second-motion', intents, faults, `${intents} INTENTs, none moved a second time`);
}

/** Sensed failures, and the next person of a group. What is in doubt is never tried again. */
const allowsAnother: ReadonlySet<string | null> = new Set(['failed', 'not_taken', 'passed']);

function* retryFaults(terminal: string, intended: readonly IntendedMotion[]): Iterable<string> {
  const earlier = new Map<string, IntendedMotion>();
  for (const motion of intended) {
    const { tx } = motion.intent;
    if (tx === null) continue;
    const before = earlier.get(tx);
    const ended = before?.outcomes.find((outcome) => isBefore(outcome, motion.intent));
    if (before && !(ended && allowsAnother.has(ended.outcome)))
      yield `${terminal} ${placeOf(motion.intent)}: intends again what ${placeOf(before.intent)} has not ended`;
    earlier.set(tx, motion);
  }
}

const isBefore = (one: RowFacts, other: RowFacts): boolean =>
  one.epoch < other.epoch || (one.epoch === other.epoch && one.seq <= other.seq);

function* orderFaults(ledgers: readonly MotionLedger[]): Iterable<string> {
  const transactions = new Map<string, string>();
  for (const { machine, intended } of ledgers) {
    for (const { intent } of intended) {
      if (intent.order === null || intent.tx === null) continue;
      const tx = transactions.get(intent.order) ?? intent.tx;
      if (tx !== intent.tx) yield `${machine.terminal} ${placeOf(intent)}: another transaction has moved for its order`;
      transactions.set(intent.order, tx);
    }
  }
}

const inDoubt = 'in_doubt';

/** Exactly one OUTCOME for each INTENT; only a doubt may be followed by the one that resolves it. */
export function checkIntentsEnded(ledgers: readonly MotionLedger[]): TourCheck {
  const faults: string[] = [];
  let doubts = 0;
  for (const { machine, intended, strayOutcomes } of ledgers) {
    for (const row of strayOutcomes) faults.push(`${machine.terminal} ${placeOf(row)}: OUTCOME of no INTENT`);
    for (const { intent, outcomes } of intended) {
      const doubted = outcomes[0]?.outcome === inDoubt;
      const resolved = doubted ? outcomes.slice(1) : outcomes;
      if (doubted && resolved.length === 0) doubts++;
      else if (resolved.length !== 1 || resolved[0]?.outcome === inDoubt)
        faults.push(`${machine.terminal} ${placeOf(intent)}: ${outcomes.length} OUTCOMEs for one INTENT`);
    }
  }
  const intents = sum(ledgers, ({ intended }) => intended.length);
  const summary = `${intents} INTENTs, one OUTCOME each, ${doubts} left in doubt`;
  return judgeSome('every-intent-ended-once', intents, faults, summary);
}

const at = (terminal: string, { line }: Motion): string => `${terminal} board line ${line + 1}`;

const sum = <T>(things: readonly T[], of: (thing: T) => number): number =>
  things.reduce((total, thing) => total + of(thing), 0);
