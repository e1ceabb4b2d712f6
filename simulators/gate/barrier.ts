// A barrier with its controller, the same behind every kind of wire: opens on a release, waits for a passage, locks again
// by itself, never closes on a person, and is free in fire and without power. No terminal is needed for any of that.
import type { GateDirection } from '../../devices/ports/gate.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { Signal } from '../../runtime/core/event.ts';
import { FaultList } from '../line/faults.ts';
import type { GateFault, GateOutput } from './gate-faults.ts';
import { PulseOutput } from './pulse-output.ts';
import { Wings } from './wings.ts';

export interface BarrierTimes {
  /** For a passage, from the release. */
  readonly waitMs: number;
  /** Wings from shut to open. */
  readonly motionMs: number;
  readonly passagePulseMs: number;
}

export const barrierDefaults: BarrierTimes = { waitMs: 5_000, motionMs: 400, passagePulseMs: 300 };

export type BarrierPhase = 'locked' | 'released' | 'relocking' | 'free';

export interface BarrierState {
  readonly phase: BarrierPhase;
  /** Who may pass; null while nobody may, or the barrier is free. */
  readonly released: GateDirection | 'both' | null;
  /** 0 shut .. 1 open. */
  readonly wings: { readonly left: number; readonly right: number };
  readonly outputs: Readonly<Record<GateOutput, boolean>>;
  readonly powered: boolean;
  readonly fire: boolean;
}

export interface OutputChange {
  readonly output: GateOutput;
  readonly active: boolean;
}

const outputs = ['passageEntry', 'passageExit', 'ready', 'opened', 'occupied'] as const satisfies GateOutput[];

export class Barrier {
  readonly faults = new FaultList<GateFault>(() => this.#faultsChanged());
  readonly outputChanged = new Signal<OutputChange>();
  /** Anything a page would draw anew. */
  readonly changed = new Signal<BarrierState>();
  readonly fireChanged = new Signal<boolean>();
  readonly #clock: Clock;
  readonly #times: BarrierTimes;
  readonly #wings: Wings;
  readonly #passages: Readonly<Record<GateDirection, PulseOutput>>;
  readonly #inside = new Set<number>();
  readonly #shown: Record<GateOutput, boolean> = {
    passageEntry: false,
    passageExit: false,
    ready: true,
    opened: false,
    occupied: false,
  };
  #phase: BarrierPhase = 'locked';
  #released: GateDirection | 'both' | null = null;
  #wait: TimerHandle | null = null;
  #powered = true;
  #fire = false;
  #alwaysFree = false;

  constructor(options: { readonly clock: Clock; readonly times?: BarrierTimes }) {
    this.#clock = options.clock;
    this.#times = options.times ?? barrierDefaults;
    const { motionMs, passagePulseMs } = this.#times;
    this.#wings = new Wings({ clock: this.#clock, motionMs, arrived: () => this.#arrived() });
    const pulse = () =>
      new PulseOutput({ clock: this.#clock, lengthMs: passagePulseMs, changed: () => this.#publish() });
    this.#passages = { entry: pulse(), exit: pulse() };
  }

  get state(): BarrierState {
    const { position } = this.#wings;
    return {
      phase: this.#phase,
      released: this.#released,
      wings: { left: position, right: position },
      outputs: { ...this.#shown },
      powered: this.#powered,
      fire: this.#fire,
    };
  }

  /** Whether a person who goes that way finds it open. */
  lets(direction: GateDirection): boolean {
    const free = this.#phase === 'free' || this.#released === direction || this.#released === 'both';
    return free && this.#wings.areOpen;
  }

  /** A command by wire or pulse. False when the controller does not take it. */
  release(direction: GateDirection | 'both'): boolean {
    if (!this.#powered || this.faults.fire('mute')) return false;
    if (this.#phase === 'free') return true;
    this.#phase = 'released';
    this.#released = direction;
    this.#wings.open();
    this.#wait?.cancel();
    this.#wait = this.#clock.timer('barrier waits', this.#times.waitMs, () => this.#relock());
    this.#publish();
    return true;
  }

  /** Operating mode by wire. False when the controller does not take it. */
  setAlwaysFree(free: boolean): boolean {
    if (!this.#powered || this.faults.fire('mute')) return false;
    this.#alwaysFree = free;
    this.#settleFreedom();
    return true;
  }

  /** The fire system's own contact at the controller: open is fire, a cut wire too. */
  setFire(fire: boolean): void {
    if (fire === this.#fire) return;
    this.#fire = fire;
    this.#settleFreedom();
    this.fireChanged.emit(fire);
  }

  /** Without power the wings are let go. */
  setPower(powered: boolean): void {
    if (powered === this.#powered) return;
    this.#powered = powered;
    this.#settleFreedom();
  }

  enter(person: number): void {
    this.#inside.add(person);
    // A closing barrier gives way to whoever stands in it.
    if (this.#phase === 'relocking') this.#wings.open();
    this.#publish();
  }

  leave(person: number): void {
    this.#inside.delete(person);
    if (this.#phase === 'relocking') this.#relock();
    this.#publish();
  }

  /** A person is through, with or without leave. */
  crossed(direction: GateDirection): void {
    this.#passages[direction].pulse();
    if (this.#phase === 'released') this.#relock();
  }

  /** A person who had leave turned round: seen at the other side. */
  turnedBack(from: GateDirection): void {
    this.crossed(from === 'entry' ? 'exit' : 'entry');
  }

  close(): void {
    this.#wait?.cancel();
    this.#wings.stop();
    this.#passages.entry.stop();
    this.#passages.exit.stop();
  }

  #settleFreedom(): void {
    const free = this.#fire || !this.#powered || this.#alwaysFree;
    this.#wait?.cancel();
    if (free) {
      this.#phase = 'free';
      this.#released = null;
      this.#wings.open();
    } else if (this.#phase !== 'locked') this.#relock();
    this.#publish();
  }

  #relock(): void {
    this.#wait?.cancel();
    this.#phase = 'relocking';
    if (this.#inside.size === 0 && !this.faults.fire('no-relock')) {
      this.#released = null;
      this.#wings.shut();
    }
    this.#publish();
  }

  #faultsChanged(): void {
    if (this.#phase === 'relocking') this.#relock();
    else this.#publish();
  }

  #arrived(): void {
    if (this.#phase === 'relocking' && !this.#wings.areOpen) this.#phase = 'locked';
    this.#publish();
  }

  #publish(): void {
    for (const output of outputs) {
      const active = this.#powered && this.#output(output);
      if (active === this.#shown[output]) continue;
      this.#shown[output] = active;
      this.outputChanged.emit({ output, active });
    }
    this.changed.emit(this.state);
  }

  #output(output: GateOutput): boolean {
    const stuck = this.faults.find('stuck-sensor');
    const actual = this.#actual(output);
    if (stuck?.fault.output !== output) return actual;
    if (actual !== stuck.fault.active || stuck.fired === 0) stuck.fire();
    return stuck.fault.active;
  }

  #actual(output: GateOutput): boolean {
    switch (output) {
      case 'passageEntry':
        return this.#passages.entry.active;
      case 'passageExit':
        return this.#passages.exit.active;
      case 'ready':
        return this.#phase === 'locked' && !this.faults.fire('no-ready');
      case 'opened':
        return this.#wings.areOpen;
      case 'occupied':
        return this.#inside.size > 0;
      default:
        return output satisfies never;
    }
  }
}
