// What time it is, and how far that may be believed. A terminal in the field has a wall clock that
// may be wrong; this keeps an anchor (wall, monotonic) from the best source met in this boot, ages
// its uncertainty, and never lets time fall below a floor built from signed or trusted times.
import { type MonoMs, type WallMs, wallMs } from './brand.ts';
import type { Clock } from './clock.ts';

export type ClockState = 'SYNCED' | 'HOLDOVER' | 'UNTRUSTED';

/** One reading of trusted time. */
export interface Moment {
  readonly wallMs: WallMs;
  readonly monoMs: MonoMs;
  readonly state: ClockState;
  /** Half width of the interval that holds the true time, milliseconds. */
  readonly uncertaintyMs: number;
  /** No wall time below this is believed. */
  readonly floorMs: WallMs;
}

export interface ClockStep {
  readonly fromMs: number;
  readonly toMs: number;
}

export const clockLimits = {
  /** A source older than this no longer makes the clock SYNCED. */
  syncedForMs: 3_600_000,
  baseUncertaintyMs: 2_000,
  driftPerMillion: 50,
  untrustedAboveMs: 300_000,
  unexplainedStepMs: 300_000,
  /** A signed time may raise the floor by this much without a second source that agrees. */
  floorJumpMs: 86_400_000,
} as const;

interface Anchor {
  readonly wallMs: number;
  readonly monoMs: number;
  readonly uncertaintyMs: number;
  readonly signed: boolean;
}

export class TrustedTime {
  readonly #clock: Clock;
  #anchor: Anchor | null;
  #floorMs: number;
  #lastOffsetMs: number;

  /** `floorMs`: newest of build time, signed documents and rows written while SYNCED. */
  constructor(options: { clock: Clock; floorMs: number; rtcKeptPower: boolean }) {
    this.#clock = options.clock;
    this.#floorMs = options.floorMs;
    const wall = options.clock.wallMs();
    const mono = options.clock.monoMs();
    this.#lastOffsetMs = wall - mono;
    const believable = options.rtcKeptPower && wall >= options.floorMs;
    this.#anchor = believable
      ? { wallMs: wall, monoMs: mono, uncertaintyMs: clockLimits.baseUncertaintyMs, signed: false }
      : null;
  }

  now(): Moment {
    const mono = this.#clock.monoMs();
    const anchor = this.#anchor;
    if (!anchor)
      return this.#moment(
        Math.max(this.#clock.wallMs(), this.#floorMs),
        mono,
        'UNTRUSTED',
        clockLimits.untrustedAboveMs,
      );
    const ageMs = mono - anchor.monoMs;
    const drift = (ageMs * clockLimits.driftPerMillion) / 1_000_000;
    const fresh = anchor.signed && ageMs <= clockLimits.syncedForMs;
    const uncertainty = Math.ceil(
      (fresh ? anchor.uncertaintyMs : Math.max(anchor.uncertaintyMs, clockLimits.baseUncertaintyMs)) + drift,
    );
    const estimateMs = anchor.wallMs + ageMs;
    // A floor beyond the interval proves the anchor wrong: signed or trusted time has already passed it.
    if (estimateMs + uncertainty < this.#floorMs)
      return this.#moment(this.#floorMs, mono, 'UNTRUSTED', clockLimits.untrustedAboveMs);
    const state = fresh ? 'SYNCED' : uncertainty > clockLimits.untrustedAboveMs ? 'UNTRUSTED' : 'HOLDOVER';
    return this.#moment(Math.max(estimateMs, this.#floorMs), mono, state, uncertainty);
  }

  /**
   * A signed time from the head end. `errorMs` is its uncertainty (half the round trip).
   * Returns false, and believes nothing, for a time below the floor, or for one more than a day
   * above it that neither the present anchor nor the machine's clock supports.
   */
  observeSigned(timeMs: number, errorMs: number): boolean {
    const mono = this.#clock.monoMs();
    if (timeMs + errorMs < this.#floorMs) return false;
    const agrees =
      Math.abs(this.#clock.wallMs() - timeMs) <= clockLimits.unexplainedStepMs || this.#anchorAgrees(timeMs, mono);
    if (timeMs - this.#floorMs > clockLimits.floorJumpMs && !agrees) return false;
    this.#anchor = { wallMs: timeMs, monoMs: mono, uncertaintyMs: Math.max(1, errorMs), signed: true };
    this.raiseFloor(timeMs - errorMs);
    return true;
  }

  /** Only signed or SYNCED time may raise the floor: the caller vouches for the source. */
  raiseFloor(toMs: number): void {
    this.#floorMs = Math.max(this.#floorMs, Math.floor(toMs));
  }

  /**
   * Compares the machine's wall clock with its monotonic one since the last call. A step of more
   * than 5 minutes is reported once; it ends the trust in an anchor that rests on that clock alone.
   */
  checkStep(): ClockStep | null {
    const offset = this.#clock.wallMs() - this.#clock.monoMs();
    const step = offset - this.#lastOffsetMs;
    if (Math.abs(step) <= clockLimits.unexplainedStepMs) return null;
    const fromMs = this.#lastOffsetMs + this.#clock.monoMs();
    this.#lastOffsetMs = offset;
    if (this.#anchor && !this.#anchor.signed) this.#anchor = null;
    return { fromMs, toMs: this.#clock.wallMs() };
  }

  #anchorAgrees(timeMs: number, mono: number): boolean {
    const anchor = this.#anchor;
    return anchor !== null && Math.abs(anchor.wallMs + mono - anchor.monoMs - timeMs) <= clockLimits.unexplainedStepMs;
  }

  #moment(wall: number, mono: MonoMs, state: ClockState, uncertaintyMs: number): Moment {
    return { wallMs: wallMs(Math.round(wall)), monoMs: mono, state, uncertaintyMs, floorMs: wallMs(this.#floorMs) };
  }
}
