// When something happened, as far as a row and its journal can prove it: what the fee is counted from, and what
// puts rows of different machines in order. A clock that was lost is dated by its boot, or bounded by neighbours.
import { monoMs, wallMs } from '../../../runtime/core/brand.ts';
import { type Bytes, equal, hex } from '../../../runtime/core/bytes.ts';
import { type ClockState, clockLimits } from '../../../runtime/core/trusted-time.ts';
import type { Interval, LoanMark } from '../../../runtime/fares/loan-fee.ts';

export interface EventMark {
  readonly terminal: string;
  readonly epoch: number;
  readonly seq: number;
  readonly bootId: Bytes;
  readonly monoMs: number;
  readonly wallMs: number;
  readonly clock: { readonly state: ClockState; readonly uncertaintyMs: number };
  /** Newest time that the same journal had written while SYNCED; null for none. */
  readonly afterMs: number | null;
  /** When the row reached the head end: it is no younger. */
  readonly arrivedMs: number;
}

/** A row of a boot whose clock was SYNCED: dates every other row of that boot. */
export interface Anchor {
  readonly monoMs: number;
  readonly wallMs: number;
  readonly uncertaintyMs: number;
}

/** Under which the anchor of a mark's boot is kept. */
export const anchorKey = ({ bootId }: Pick<EventMark, 'bootId'>): string => hex(bootId);

/** True time of a mark, UTC milliseconds; null where nothing bounds it. */
export function intervalOf(mark: EventMark, anchor: Anchor | null): Interval | null {
  const { clock } = mark;
  if (clock.state === 'SYNCED') return around(mark.wallMs, clock.uncertaintyMs);
  if (anchor !== null) return datedBy(anchor, mark.monoMs);
  if (clock.state === 'HOLDOVER') return around(mark.wallMs, clock.uncertaintyMs);
  return mark.afterMs === null
    ? null
    : { earliestMs: Math.min(mark.afterMs, mark.arrivedMs), latestMs: mark.arrivedMs };
}

/** True time of a moment of the anchor's boot. */
export function datedBy(anchor: Anchor, monoMs: number): Interval {
  const sinceMs = monoMs - anchor.monoMs;
  const driftMs = Math.ceil((Math.abs(sinceMs) * clockLimits.driftPerMillion) / 1_000_000);
  return around(anchor.wallMs + sinceMs, anchor.uncertaintyMs + driftMs);
}

export const loanMark = (mark: EventMark, anchor: Anchor | null): LoanMark => ({
  bootId: mark.bootId,
  monoMs: monoMs(mark.monoMs),
  wallMs: wallMs(mark.wallMs),
  clock: mark.clock,
  rebuilt: mark.clock.state === 'SYNCED' ? null : intervalOf(mark, anchor),
});

/** A place on the time axis for what cannot be ordered by one journal; never the fee. */
export function sortMs(mark: EventMark, anchor: Anchor | null): number {
  const interval = intervalOf(mark, anchor);
  return interval === null ? mark.arrivedMs : (interval.earliestMs + interval.latestMs) / 2;
}

/** False only where journal or clocks prove that `later` was before `earlier`. */
export function mayFollow(earlier: DatedMark, later: DatedMark): boolean {
  const [a, b] = [earlier.mark, later.mark];
  if (a.terminal === b.terminal && a.epoch === b.epoch && a.seq !== b.seq) return b.seq > a.seq;
  if (equal(a.bootId, b.bootId)) return b.monoMs >= a.monoMs;
  const from = intervalOf(a, earlier.anchor);
  const to = intervalOf(b, later.anchor);
  return from === null || to === null || to.latestMs >= from.earliestMs;
}

export interface DatedMark {
  readonly mark: EventMark;
  readonly anchor: Anchor | null;
}

const around = (centreMs: number, uncertaintyMs: number): Interval => ({
  earliestMs: centreMs - uncertaintyMs,
  latestMs: centreMs + uncertaintyMs,
});
