// What a borrowed guide costs: free time, periods, a daily maximum, and never more than a lost one. The time
// of a loan is the shortest that the clocks allow, so that no clock that jumps can ever add to it.
import type { MonoMs, WallMs } from '../core/brand.ts';
import { type Bytes, equal } from '../core/bytes.ts';
import type { ClockState } from '../core/trusted-time.ts';

/** What the operator asks, in integer minor units of one currency. */
export interface LoanTerms {
  readonly currency: string;
  /** From the start of the loan; nothing is owed for it. */
  readonly freeMinutes: number;
  /** Each period that has begun costs this. */
  readonly periodMinutes: number;
  readonly periodMinor: number;
  /** Most that 24 hours of the loan cost. */
  readonly dailyMaxMinor: number;
  /** Most that the loan costs: what a guide is worth that never comes back. */
  readonly lostMinor: number;
  /** A loan that no sensor saw begin is free this long beyond its free time. */
  readonly presumedFreeMinutes: number;
  /** How long an attempt to return at a full cabinet stops the count. */
  readonly freezeMinutes: number;
}

/** Everything but prices, which have no default. */
export const loanDefaults = { presumedFreeMinutes: 10, freezeMinutes: 30 } as const;

/** One end of a loan, as its row has it. */
export interface LoanMark {
  /** 16 bytes; monotonic times compare inside one boot of one machine only. */
  readonly bootId: Bytes;
  readonly monoMs: MonoMs;
  readonly wallMs: WallMs;
  readonly clock: { readonly state: ClockState; readonly uncertaintyMs: number };
  /** True time as journals allow it, where the clock of the row was not SYNCED; null while nobody has rebuilt it. */
  readonly rebuilt: Interval | null;
}

/** Both ends included, UTC milliseconds. */
export interface Interval {
  readonly earliestMs: number;
  readonly latestMs: number;
}

export interface Loan {
  /** The guide's tag vanished; for a presumed loan, the INTENT. */
  readonly taken: LoanMark;
  /** First contact with a slot; null while it is out. */
  readonly returned: LoanMark | null;
  /** No sensor saw it leave: a power cut lay between. */
  readonly presumed: boolean;
  /** Attempts to return it where no slot was free. */
  readonly attempts: readonly LoanMark[];
}

export interface LoanFee {
  readonly amountMinor: number;
  readonly currency: string;
  readonly durationMs: number;
  /** What the duration rests on. */
  readonly basis: 'monotonic' | 'utc' | 'shortest';
  /** Time that was not counted: after attempts to return, and of a presumed start. */
  readonly uncountedMs: number;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** The fee of a loan that is back; `now` stands in for the return of one that is out. */
export function loanFee(loan: Loan, now: LoanMark, terms: LoanTerms): LoanFee {
  const end = loan.returned ?? now;
  const { ms, basis } = loanDuration(loan.taken, end);
  const frozenMs = frozenTime(loan, ms, terms);
  const presumedMs = loan.presumed ? terms.presumedFreeMinutes * minuteMs : 0;
  const uncountedMs = Math.min(ms, frozenMs + presumedMs);
  const amountMinor = feeForTime(ms - uncountedMs, terms);
  return { amountMinor, currency: terms.currency, durationMs: ms, basis, uncountedMs };
}

/**
 * From one mark to another: the monotonic difference inside a boot; else UTC where both clocks were SYNCED; else
 * the shortest time consistent with what is known of both. Never negative.
 */
export function loanDuration(from: LoanMark, to: LoanMark): { readonly ms: number; readonly basis: LoanFee['basis'] } {
  if (equal(from.bootId, to.bootId)) return { ms: Math.max(0, to.monoMs - from.monoMs), basis: 'monotonic' };
  if (from.clock.state === 'SYNCED' && to.clock.state === 'SYNCED')
    return { ms: Math.max(0, to.wallMs - from.wallMs), basis: 'utc' };
  const started = intervalOf(from);
  const ended = intervalOf(to);
  // Where nothing is known of one end, no time at all is consistent too.
  const ms = started === null || ended === null ? 0 : Math.max(0, Math.floor(ended.earliestMs - started.latestMs));
  return { ms, basis: 'shortest' };
}

/** The fee for so much counted time. */
export function feeForTime(countedMs: number, terms: LoanTerms): number {
  const owedMs = Math.max(0, countedMs - terms.freeMinutes * minuteMs);
  const days = Math.floor(owedMs / dayMs);
  const amountMinor = days * feeForDay(dayMs, terms) + feeForDay(owedMs - days * dayMs, terms);
  return Math.min(amountMinor, terms.lostMinor);
}

/** What is given back when a guide that was charged as lost returns after all. */
export const lostRefund = (chargedMinor: number, fee: LoanFee): number => Math.max(0, chargedMinor - fee.amountMinor);

const feeForDay = (ms: number, terms: LoanTerms): number =>
  Math.min(terms.dailyMaxMinor, Math.ceil(ms / (terms.periodMinutes * minuteMs)) * terms.periodMinor);

/** Time covered by the attempts, each part once, within the loan. */
function frozenTime(loan: Loan, durationMs: number, terms: LoanTerms): number {
  const starts = loan.attempts.map((attempt) => loanDuration(loan.taken, attempt).ms).sort((a, b) => a - b);
  let covered = 0;
  let untilMs = 0;
  for (const startMs of starts) {
    const endMs = Math.min(durationMs, startMs + terms.freezeMinutes * minuteMs);
    covered += Math.max(0, endMs - Math.max(startMs, untilMs));
    untilMs = Math.max(untilMs, endMs);
  }
  return covered;
}

function intervalOf(mark: LoanMark): Interval | null {
  if (mark.rebuilt !== null) return mark.rebuilt;
  if (mark.clock.state === 'UNTRUSTED') return null;
  const { uncertaintyMs } = mark.clock;
  return { earliestMs: mark.wallMs - uncertaintyMs, latestMs: mark.wallMs + uncertaintyMs };
}
