// The batches that are on their way: how many may be, and when one is sent again. Times are monotonic,
// waits are drawn with jitter so that a fleet does not answer a fault in step.
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { type Entropy, uniform } from '../../runtime/core/entropy.ts';
import type { Range } from '../wire/ranges.ts';
import type { Lane } from '../wire/topics.ts';

export const flightLimits = {
  window: 4,
  resendBaseMs: 2_000,
  resendPerRoundTrip: 4,
  resendMaxMs: 60_000,
} as const;

export interface Flight {
  readonly lane: Lane;
  readonly epoch: number;
  readonly range: Range;
  readonly firstSentMs: number;
  readonly attempts: number;
}

interface Tracked {
  readonly flight: Flight;
  readonly timer: TimerHandle;
}

export class Flights {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #overdue: (flight: Flight) => void;
  #tracked: Tracked[] = [];
  #roundTripMs = 0;

  constructor(options: { clock: Clock; entropy: Entropy; overdue: (flight: Flight) => void }) {
    this.#clock = options.clock;
    this.#entropy = options.entropy;
    this.#overdue = options.overdue;
  }

  get list(): readonly Flight[] {
    return this.#tracked.map(({ flight }) => flight);
  }

  get size(): number {
    return this.#tracked.length;
  }

  inLane(lane: Lane): number {
    return this.#tracked.filter(({ flight }) => flight.lane === lane).length;
  }

  depart(lane: Lane, epoch: number, range: Range): void {
    this.#track({ lane, epoch, range, firstSentMs: this.#clock.monoMs(), attempts: 0 });
  }

  again(flight: Flight, range: Range): void {
    this.#track({ ...flight, range, attempts: flight.attempts + 1 });
  }

  land(flight: Flight): void {
    const landed = this.#tracked.find((tracked) => tracked.flight === flight);
    landed?.timer.cancel();
    this.#tracked = this.#tracked.filter((tracked) => tracked !== landed);
  }

  /** An answer to a batch that was sent once measures the way there and back. */
  measured(flight: Flight): void {
    if (flight.attempts === 0) this.#roundTripMs = this.#clock.monoMs() - flight.firstSentMs;
  }

  clear(): readonly Flight[] {
    const flights = this.list;
    for (const { timer } of this.#tracked) timer.cancel();
    this.#tracked = [];
    return flights;
  }

  #track(flight: Flight): void {
    const timer = this.#clock.timer('uplink.resend', this.#resendAfterMs(flight.attempts), () => this.#overdue(flight));
    this.#tracked.push({ flight, timer });
  }

  #resendAfterMs(attempts: number): number {
    const base = Math.max(flightLimits.resendBaseMs, flightLimits.resendPerRoundTrip * this.#roundTripMs);
    const ceiling = base * 2 ** Math.min(attempts, 16);
    return Math.min(flightLimits.resendMaxMs, Math.round(base + uniform(this.#entropy) * (ceiling - base)));
  }
}
