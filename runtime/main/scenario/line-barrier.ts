// A barrier behind its real driver: contacts on a Firmata board through johnny-five, or a Digicon turnstile, over lines of
// memory with the simulated barrier at their far end. People do what the story says at that end, and the machine hears of
// it as a terminal does: by the driver's events.
import { SharedBoard } from '../../../devices/board/shared-board.ts';
import { DigiconGate } from '../../../devices/gate/digicon/digicon-gate.ts';
import { defaultRelayPins } from '../../../devices/gate/relay/pinout.ts';
import { RelayGate } from '../../../devices/gate/relay/relay-gate.ts';
import type { Gate } from '../../../devices/ports/gate.ts';
import { SimulatedBoard } from '../../../simulators/board/simulated-board.ts';
import { Barrier, barrierDefaults } from '../../../simulators/gate/barrier.ts';
import { wireFireContact } from '../../../simulators/gate/fire-wiring.ts';
import type { PulseEntry } from '../../../simulators/gate/pulse-record.ts';
import { RelayWiring, wiresOf } from '../../../simulators/gate/relay-wiring.ts';
import { SimulatedDigicon } from '../../../simulators/gate/simulated-digicon.ts';
import { type Clock, SystemClock, sleep } from '../../core/clock.ts';
import { silentLogger } from '../../core/log.ts';
import type { Direction } from '../../machines/gate-lane/effects.ts';
import type { BootSensors, GateSensor } from '../../machines/gate-lane/input.ts';
import { BarrierWatch } from '../../terminal/gate-lane/barrier-watch.ts';
import type { BarrierDevice, LaneLife } from './gate-barrier.ts';
import { handshakeTurns, MemoryLines } from './memory-lines.ts';

export const gatesOnLines = ['relay', 'digicon'] as const;
export type GateOnLines = (typeof gatesOnLines)[number];

const boardPath = 'memory:board';
const gatePath = 'memory:gate';
const entry = { release: 'leftToRight', passage: 'B' } as const;
const motionMs = 1_500;
/** The controller relocks before the machine gives up, as docs/gate-lane.md asks. */
const relockAheadMs = 3_000;

export class LineBarrier implements BarrierDevice {
  readonly opensAfterMs = null;
  readonly #kind: GateOnLines;
  readonly #waitMs: number;
  readonly #lines: MemoryLines;
  readonly #barrier: Barrier;
  readonly #pulses: () => readonly PulseEntry[];
  #gate: Gate | null = null;
  #reached = false;
  #people = 0;

  constructor(kind: GateOnLines, clock: Clock, passTimeoutMs: number) {
    this.#kind = kind;
    this.#waitMs = passTimeoutMs - relockAheadMs;
    this.#lines = new MemoryLines(clock);
    this.#barrier = new Barrier({ clock, times: { ...barrierDefaults, waitMs: this.#waitMs } });
    const nowUs = (): number => clock.monoMs() * 1_000;
    const board = new SimulatedBoard({ line: this.#lines.line(boardPath), clock, nowUs });
    this.#pulses = kind === 'relay' ? this.#wireContacts(board, clock) : this.#wireTurnstile(board, nowUs);
  }

  get online(): boolean {
    return this.#gate?.health().state === 'online';
  }

  get confirms(): boolean {
    return this.#gate?.confirmsOpening ?? false;
  }

  problems(sent: number): readonly string[] {
    const felt = this.#pulses().length;
    return felt === sent ? [] : [`the barrier felt ${felt} pulses, and ${sent} were sent`];
  }

  /** Starts the drivers of a machine whose power has come. */
  begin({ clock, state, input }: LaneLife): void {
    const gate = this.#driver(clock);
    this.#gate = gate;
    this.#reached = false;
    gate.changed.on(({ state: health }) => {
      if (health === 'online') this.#reached = true;
    });
    new BarrierWatch({ gate, clock, motionMs, state, input }).start();
  }

  /** The machine's power has gone, and its drivers with it; the barrier has its own. */
  end(): void {
    this.#gate = null;
    this.#lines.hostDied();
  }

  /** Resolves when the driver has found its gate. */
  async settled(): Promise<void> {
    const real = new SystemClock();
    // A turnstile in fire is not asked anything: its board has told all that there is to know.
    const waits = (): boolean => this.#gate !== null && !this.#reached && this.#gate.sensors().fire !== true;
    for (let turn = 0; waits(); turn++) {
      if (turn === handshakeTurns) throw new Error(`the ${this.#kind} gate is not reached`);
      await sleep(real, 'handshake', 1);
    }
  }

  pulse(direction: Direction): boolean {
    return this.#gate?.release(direction) ?? false;
  }

  /** Nothing is known before the driver has found its gate; then the watch tells. */
  sensors(): BootSensors {
    return { entry: null, exit: null, fire: null };
  }

  setFire(active: boolean): boolean {
    this.#barrier.setFire(active);
    return true;
  }

  feels(sensor: GateSensor): boolean {
    if (sensor.kind !== 'passed') throw notOnLines(`sensor.${sensor.kind}`);
    if (sensor.heightCentimetres !== null) throw notOnLines('sensor.heightCentimetres');
    const person = ++this.#people;
    this.#barrier.enter(person);
    this.#barrier.crossed(sensor.direction);
    this.#barrier.leave(person);
    return true;
  }

  setOnline(): void {
    throw notOnLines('sensor.board');
  }

  setStuck(): void {
    throw notOnLines('sensor.stuck');
  }

  setLatch(): void {
    throw notOnLines('latch');
  }

  #driver(clock: Clock): Gate {
    const common = { clock, log: silentLogger, open: this.#lines.open };
    const line = { path: boardPath, baudRate: 57_600 };
    const board = new SharedBoard({ id: 'board', line, reportVersionTimeoutMs: 1, ...common });
    const times = { waitMs: this.#waitMs, motionMs };
    if (this.#kind === 'relay') return new RelayGate({ id: 'gate', board, pins: defaultRelayPins, times, ...common });
    // A board needs an output: here the lamps'.
    board.part('lamps', { outputs: [4], inputs: [] });
    const { fire } = defaultRelayPins;
    const gateLine = { path: gatePath, baudRate: 115_200 };
    return new DigiconGate({ id: 'gate', line: gateLine, entry, fire: { board, input: fire }, times, ...common });
  }

  #wireContacts(board: SimulatedBoard, clock: Clock): () => readonly PulseEntry[] {
    const wiring = new RelayWiring({
      board,
      barrier: this.#barrier,
      pins: wiresOf(defaultRelayPins),
      clock,
    });
    return () => wiring.pulses;
  }

  #wireTurnstile(board: SimulatedBoard, nowUs: () => number): () => readonly PulseEntry[] {
    wireFireContact(this.#barrier, board, defaultRelayPins.fire.pin);
    const controller = new SimulatedDigicon({
      line: this.#lines.line(gatePath),
      barrier: this.#barrier,
      entry,
      nowUs,
    });
    return () => controller.pulses;
  }
}

const notOnLines = (what: string): RangeError => new RangeError(`${what}: no driver and no simulated gate does that`);
