// What one release goes through: unlocking, waiting, passing, locked again. Both gate drivers run it; it turns what their
// wires say into the port's events, and it never sends anything.
import type { MonoMs } from '../../runtime/core/brand.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import type { GateDirection, GateEvent } from '../ports/gate.ts';

export interface CycleTimes {
  /** The controller's own wait for a passage, from the pulse. Default 5000; equal to the controller's setting. */
  readonly waitMs: number;
  /** What the barrier may take to open, and again to lock. Default 1500. */
  readonly motionMs: number;
}

export const cycleDefaults: CycleTimes = { waitMs: 5_000, motionMs: 1_500 };

export interface ReleaseCycleOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly times: CycleTimes;
  /** A wire says that the barrier opened, or that the controller took the pulse: what it says now. Null: no wire. */
  readonly seesOpen: (() => boolean) | null;
  /** By when the controller has taken the pulse: its length. */
  readonly takeMs: number;
  /** A wire says that the barrier is locked again; else time does. */
  readonly seesRelock: boolean;
  /** Somebody stands in the way: a barrier never closes on a person, so nothing is overdue meanwhile. */
  readonly occupied: () => boolean;
  readonly event: (event: GateEvent) => void;
}

type Phase = 'locked' | 'unlocking' | 'waiting' | 'passing';

export class ReleaseCycle {
  readonly #options: ReleaseCycleOptions;
  #phase: Phase = 'locked';
  #direction: GateDirection = 'entry';
  /** The fault of this cycle was told: what follows is only counted. */
  #failed = false;
  #opening: TimerHandle | null = null;
  #taking: TimerHandle | null = null;
  #ending: TimerHandle | null = null;

  constructor(options: ReleaseCycleOptions) {
    this.#options = options;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Another pulse makes sense: none is under way, or its person is through. */
  get free(): boolean {
    return this.#phase === 'locked' || this.#phase === 'passing';
  }

  /** The pulse was handed over. */
  begin(direction: GateDirection): void {
    this.end();
    this.#direction = direction;
    this.#failed = false;
    const { times, seesOpen } = this.#options;
    this.#phase = seesOpen ? 'unlocking' : 'waiting';
    if (seesOpen) this.#expectOpening(seesOpen);
    this.#endWithin(times.waitMs + times.motionMs);
  }

  /** The wire says open. */
  opened(atMonoMs: MonoMs): void {
    if (this.#phase !== 'unlocking') return;
    this.#phase = 'waiting';
    this.#forgetOpening();
    if (!this.#failed) this.#options.event({ kind: 'opened', direction: this.#direction, atMonoMs });
  }

  /** A passage edge, told whatever the phase. True when it was expected: in the released direction, before relock. */
  passage(direction: GateDirection, atMonoMs: MonoMs): boolean {
    const expected = this.#phase !== 'locked' && direction === this.#direction;
    if (this.#phase !== 'locked') {
      this.#phase = 'passing';
      this.#forgetOpening();
      this.#endWithin(this.#options.times.motionMs);
    }
    this.#options.event({ kind: 'passed', direction, atMonoMs });
    return expected;
  }

  /** The wire says locked. */
  relocked(atMonoMs: MonoMs): void {
    if (this.#phase === 'unlocking') return;
    const unused = this.#phase === 'waiting' && !this.#failed;
    // Over before it is told: whoever hears it may release the next one at once.
    this.end();
    if (unused) this.#notPassed(atMonoMs);
  }

  /** The release is over without a word: connection lost, fire, stop. */
  end(): void {
    this.#phase = 'locked';
    this.#forgetOpening();
    this.#ending?.cancel();
  }

  #expectOpening(seesOpen: () => boolean): void {
    const { clock, id, times, takeMs } = this.#options;
    this.#opening = clock.timer(`opening ${id}`, times.motionMs, () =>
      this.#fail(`no sign of opening within ${times.motionMs} ms of the pulse`),
    );
    // Still open for the person before: there will be no edge, unless it locks before it takes this pulse.
    if (!seesOpen()) return;
    this.#taking = clock.timer(`taking ${id}`, takeMs, () => {
      if (seesOpen()) this.opened(clock.monoMs());
    });
  }

  #forgetOpening(): void {
    this.#opening?.cancel();
    this.#taking?.cancel();
  }

  #endWithin(delayMs: number): void {
    const { clock, id } = this.#options;
    this.#ending?.cancel();
    this.#ending = clock.timer(`release ${id}`, delayMs, () => this.#timeIsUp());
  }

  #timeIsUp(): void {
    const { occupied, seesRelock, times, clock } = this.#options;
    if (occupied()) return this.#endWithin(times.motionMs);
    const { phase } = this;
    this.end();
    if (this.#failed) return;
    if (seesRelock) this.#fail(`it did not lock within ${times.motionMs} ms after the ${phase} ended`);
    else if (phase === 'waiting') this.#notPassed(clock.monoMs());
  }

  #notPassed(atMonoMs: MonoMs): void {
    this.#options.event({ kind: 'notPassed', direction: this.#direction, atMonoMs });
  }

  #fail(detail: string): void {
    this.#failed = true;
    this.#options.event({ kind: 'fault', detail, atMonoMs: this.#options.clock.monoMs() });
  }
}
