// What the checker answers: one line per check, each with the number of things it looked at, so that
// a check that looked at nothing cannot pass for a good one.

export const checkIds = [
  'folder-readable',
  'databases-sound',
  'chain-whole',
  'journal-head-end-equal',
  'signalled-subset-of-committed',
  'no-green-before-commit',
  'one-charge-per-code',
  'lingering-phone-one-charge',
  'every-charge-was-shown',
  'no-charge-for-nongenuine',
  'every-genuine-ride-answered',
  'evidence-verdicts',
  'refusals-name-nobody',
  'kill-then-boot',
  'story-as-told',
  'nothing-empty',
  'folder-untouched',
] as const;

/** Asked where the folder tells of a museum too. None of them passes with nothing to look at. */
export const museumCheckIds = [
  'motions-are-intents',
  'no-motion-before-commit',
  'no-second-motion',
  'every-intent-ended-once',
  'passages-are-admissions',
  'no-ticket-used-twice',
  'capacity-held',
  'no-redemption-in-fire',
  'taken-at-the-slot',
  'loans-are-taken',
  'no-charge-without-taken',
  'return-closes-one-loan',
  'museum-kill-then-boot',
  'museum-story-as-told',
] as const;
export type MuseumCheckId = (typeof museumCheckIds)[number];
export type CheckId = (typeof checkIds)[number] | MuseumCheckId;

export interface TourCheck {
  readonly id: CheckId;
  readonly ok: boolean;
  /** What was found, one sentence; for a red check the first faults met. */
  readonly detail: string;
  /** How many things were examined. */
  readonly count: number;
}

export interface TourVerdict {
  readonly ok: boolean;
  readonly checks: readonly TourCheck[];
}

/** A red check names this many faults; the rest are counted. */
export const faultsNamed = 3;

/** Green when there are no `faults`; `summary` is what a green check says. */
export function judge(id: CheckId, count: number, faults: readonly string[], summary: string): TourCheck {
  if (faults.length === 0) return { id, ok: true, detail: summary, count };
  const more = faults.length - faultsNamed;
  const named = faults.slice(0, faultsNamed).join('; ');
  return { id, ok: false, detail: more > 0 ? `${named}; and ${more} more` : named, count };
}

/** As {@link judge}; a check that had nothing to look at is red. */
export const judgeSome = (id: MuseumCheckId, count: number, faults: readonly string[], summary: string): TourCheck =>
  judge(id, count, count === 0 ? ['there was nothing to look at', ...faults] : faults, summary);

export const verdictOf = (checks: readonly TourCheck[]): TourVerdict => ({
  ok: checks.length > 0 && checks.every((check) => check.ok),
  checks,
});
