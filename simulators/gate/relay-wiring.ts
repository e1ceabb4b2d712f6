// The wires between a simulated Firmata board and a simulated barrier controller: pulses in, dry contacts out. A closed
// contact pulls its pin to ground; an open one leaves it to the board's pull-up.
import type { GateDirection } from '../../devices/ports/gate.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import type { BoardFault, PinChange, SimulatedBoard } from '../board/simulated-board.ts';
import type { ArmedFault } from '../line/faults.ts';
import type { Barrier } from './barrier.ts';
import { wireFireContact } from './fire-wiring.ts';
import type { GateOutput } from './gate-faults.ts';
import { type PulseEntry, PulseRecord } from './pulse-record.ts';

export interface RelayWiringPins {
  readonly unlock: Readonly<Record<GateDirection, number>>;
  /** Board pin of each contact that is wired. */
  readonly outputs: Readonly<Partial<Record<GateOutput, number>>>;
  /** Second contact of the fire system, normally closed. */
  readonly fire?: number;
}

interface Contact {
  readonly pin: number;
}

/** Every wire of a pinout as the driver is configured with it. */
export function wiresOf(
  pinout: Readonly<Record<GateOutput | 'fire', Contact>> & Pick<RelayWiringPins, 'unlock'>,
): RelayWiringPins {
  const { unlock, passageEntry, passageExit, ready, occupied, opened, fire } = pinout;
  return {
    unlock,
    outputs: {
      passageEntry: passageEntry.pin,
      passageExit: passageExit.pin,
      ready: ready.pin,
      occupied: occupied.pin,
      opened: opened.pin,
    },
    fire: fire.pin,
  };
}

export interface RelayWiringOptions {
  readonly board: SimulatedBoard;
  readonly barrier: Barrier;
  readonly pins: RelayWiringPins;
  readonly clock: Clock;
  /** A shorter pulse does not move the controller. Default 100. */
  readonly leastPulseMs?: number;
}

const defaultLeastPulseMs = 100;
const directions = ['entry', 'exit'] as const satisfies GateDirection[];

export class RelayWiring {
  readonly #options: RelayWiringOptions;
  readonly #record = new PulseRecord();
  readonly #held = new Map<GateDirection, TimerHandle>();
  readonly #stops: (() => void)[];
  #welded: ArmedFault<BoardFault> | null = null;

  constructor(options: RelayWiringOptions) {
    this.#options = options;
    const { board, barrier, pins } = options;
    for (const output of Object.keys(pins.outputs) as GateOutput[]) this.#show(output, barrier.state.outputs[output]);
    this.#stops = [
      board.pinChanged.on((change) => this.#pinChanged(change)),
      barrier.outputChanged.on(({ output, active }) => this.#show(output, active)),
      barrier.changed.on(() => this.#weld()),
    ];
    if (pins.fire !== undefined) this.#stops.push(wireFireContact(barrier, board, pins.fire));
  }

  /** Of both unlock inputs, oldest first. */
  get pulses(): readonly PulseEntry[] {
    return this.#record.entries;
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const timer of this.#held.values()) timer.cancel();
  }

  #pinChanged({ pin, level, atUs }: PinChange): void {
    const { pins } = this.#options;
    const direction = directions.find((name) => pins.unlock[name] === pin);
    if (!direction) return;
    if (level === 1 && !this.#held.has(direction)) this.#rise(direction, atUs);
    else if (level === 0) this.#fall(direction, atUs);
  }

  #rise(direction: GateDirection, fromUs: number): void {
    const { clock, barrier, leastPulseMs = defaultLeastPulseMs } = this.#options;
    this.#record.add({ direction, fromUs, toUs: null, taken: false });
    const timer = clock.timer('unlock input', leastPulseMs, () =>
      this.#record.amend(direction, { taken: barrier.release(direction) }),
    );
    this.#held.set(direction, timer);
  }

  #fall(direction: GateDirection, toUs: number): void {
    const held = this.#held.get(direction);
    if (!held) return;
    held.cancel();
    this.#held.delete(direction);
    this.#record.amend(direction, { toUs });
  }

  #show(output: GateOutput, closed: boolean): void {
    const { board, barrier, pins } = this.#options;
    const pin = pins.outputs[output];
    if (pin === undefined) return;
    const bounce = closed ? barrier.faults.fire('bounce') : null;
    if (bounce) board.faults.add({ kind: 'bounce', edges: bounce.edges }, 1);
    board.apply(pin, closed ? 0 : null);
  }

  /** A welded relay of the board holds the unlock input; it acts at the board's pin. */
  #weld(): void {
    const { board, barrier, pins } = this.#options;
    const wanted = barrier.faults.find('welded-relay');
    if (wanted && !this.#welded) {
      wanted.fire();
      this.#welded = board.faults.add({ kind: 'stuck', pin: pins.unlock[wanted.fault.direction], level: 1 });
    } else if (!wanted && this.#welded) {
      board.faults.remove(this.#welded);
      this.#welded = null;
    }
  }
}
