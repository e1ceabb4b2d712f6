// The barrier as the machine hears it: its events as inputs with the times of their edges, what its sensors say when
// it is reached after a cut, and the self test that ends a fault.
import type { DeviceHealth } from '../../../devices/ports/device.ts';
import type { Gate, GateEvent } from '../../../devices/ports/gate.ts';
import type { MonoMs } from '../../core/brand.ts';
import { type Clock, repeat, type TimerHandle } from '../../core/clock.ts';
import type { GateLaneInput, Latch } from '../../machines/gate-lane/input.ts';
import type { GateLaneState } from '../../machines/gate-lane/state.ts';

export const barrierWatch = {
  /** A barrier out of order is looked at this often; well, it serves again. */
  selfTestMs: 10_000,
  /** How often an open barrier is looked at after a cut. */
  lookMs: 50,
} as const;

export interface BarrierWatchOptions {
  readonly gate: Gate;
  readonly clock: Clock;
  /** What the barrier takes to lock: one that was seen open for longer was not about to. */
  readonly motionMs: number;
  readonly state: () => GateLaneState;
  readonly input: (input: GateLaneInput) => void;
}

export class BarrierWatch {
  readonly #options: BarrierWatchOptions;
  readonly #deaf: (() => void)[] = [];
  #looking: TimerHandle | null = null;
  #testing: TimerHandle | null = null;

  constructor(options: BarrierWatchOptions) {
    this.#options = options;
  }

  start(): void {
    const { gate } = this.#options;
    this.#deaf.push(
      gate.events.on((event) => this.#options.input(inputOf(event))),
      gate.changed.on((health) => this.#healthChanged(health)),
    );
    gate.start();
  }

  async stop(): Promise<void> {
    for (const stop of this.#deaf.splice(0)) stop();
    this.#looking?.cancel();
    this.#testing?.cancel();
    await this.#options.gate.stop();
  }

  /** To be called after every input: a lane out of order is tested until it is well. */
  settled(): void {
    if (!isFaulty(this.#options.state())) {
      this.#testing?.cancel();
      this.#testing = null;
    } else this.#testLater();
  }

  #healthChanged({ state }: DeviceHealth): void {
    if (state !== 'online') return;
    this.#tellOfFire();
    this.#readLatch();
  }

  /** Its beginning is an event; that a fire is over when the barrier is first reached is none. */
  #tellOfFire(): void {
    const { gate, state, input } = this.#options;
    const { fire } = gate.sensors();
    if (fire === false && state().entry.kind === 'emergencyOpen')
      input({ kind: 'Fire', active: false, atMonoMs: this.#now() });
  }

  /**
   * Neither kind of gate keeps a passage for whoever asks later, so the barrier itself is the latch: while it waits,
   * nobody has passed, because a passage makes it lock. A passage meanwhile is an event like any other. One that is
   * found locked has either let somebody in or never opened: unknown.
   */
  #readLatch(): void {
    const { gate, clock, motionMs } = this.#options;
    if (!this.#isRecovering()) return;
    const { open } = gate.sensors();
    if (open === null) return;
    if (!open) return this.#tellLatch('unknown');
    const seenOpenMs = clock.monoMs();
    this.#looking?.cancel();
    this.#looking = repeat(clock, 'passage latch', barrierWatch.lookMs, () => {
      const now = gate.sensors().open;
      if (!this.#isRecovering() || now === null) return this.#looking?.cancel();
      if (!now) this.#tellLatch(clock.monoMs() - seenOpenMs > motionMs ? 'notPassed' : 'unknown');
    });
  }

  #tellLatch(entry: Latch): void {
    this.#looking?.cancel();
    this.#looking = null;
    const sensors = { entry, exit: null, fire: this.#options.gate.sensors().fire };
    this.#options.input({ kind: 'Latches', sensors, atMonoMs: this.#now() });
  }

  #testLater(): void {
    const { clock } = this.#options;
    this.#testing ??= clock.timer('gate self test', barrierWatch.selfTestMs, () => {
      this.#testing = null;
      if (this.#isWell()) this.#options.input({ kind: 'SelfTest', passed: true, atMonoMs: this.#now() });
      else this.#testLater();
    });
  }

  /** It answers, it is locked as far as its wires tell, and nobody stands in it. */
  #isWell(): boolean {
    const { gate } = this.#options;
    const { open, blocked, fire } = gate.sensors();
    return gate.health().state === 'online' && open !== true && blocked !== true && fire !== true;
  }

  #isRecovering(): boolean {
    const { entry } = this.#options.state();
    return entry.kind === 'recovering' && entry.open !== null;
  }

  #now(): MonoMs {
    return this.#options.clock.monoMs();
  }
}

const isFaulty = ({ entry }: GateLaneState): boolean =>
  entry.kind === 'fault' || (entry.kind === 'manual' && entry.back === 'fault');

function inputOf(event: GateEvent): GateLaneInput {
  const { atMonoMs } = event;
  switch (event.kind) {
    case 'fire':
      return { kind: 'Fire', active: event.active, atMonoMs };
    case 'passed':
      // No driver measures a person's height.
      return { kind: 'Sensor', sensor: { ...event, heightCentimetres: null }, atMonoMs };
    case 'opened':
    case 'notPassed':
    case 'blocked':
    case 'fault':
      return { kind: 'Sensor', sensor: event, atMonoMs };
    default:
      return event satisfies never;
  }
}
