// A gate lane of the museum: its terminal, the barrier at the far end of its wires, and the people there.
import { defaultRelayPins } from '../../../devices/gate/relay/pinout.ts';
import { Barrier, barrierDefaults } from '../../../simulators/gate/barrier.ts';
import { wireFireContact } from '../../../simulators/gate/fire-wiring.ts';
import { People } from '../../../simulators/gate/people.ts';
import { RelayWiring, wiresOf } from '../../../simulators/gate/relay-wiring.ts';
import { SimulatedDigicon } from '../../../simulators/gate/simulated-digicon.ts';
import type { Clock } from '../../core/clock.ts';
import { tracePassages } from './act-trace.ts';
import { monotonicUs } from './awaited.ts';
import type { ChildMessage } from './child-process.ts';
import { LineTrace } from './line-trace.ts';
import { type MachineGround, MuseumMachine } from './museum-machine.ts';
import { type LaneId, type MuseumSetting, museum } from './museum-setting.ts';

export interface PartOptions<Id> {
  readonly id: Id;
  readonly ground: MachineGround;
  readonly setting: MuseumSetting;
  readonly clock: Clock;
  readonly folder: string;
  readonly logs: string;
  readonly args: readonly string[];
}

const { unlock, fire } = defaultRelayPins;
export const laneRelays = { unlockEntry: unlock.entry, unlockExit: unlock.exit } as const;
/** From the edge of the passage to its middle: a brisk visitor. */
const stepMs = 350;
/** A loaded machine moves the relay late. */
const leastPulseMs = 50;

export const laneDevices = (id: LaneId): readonly string[] =>
  museum.kinds[id] === 'relay' ? ['scanner', 'board'] : ['scanner', 'board', 'gate'];

export class MuseumLane extends MuseumMachine {
  readonly kind: 'relay' | 'digicon';
  readonly barrier: Barrier;
  readonly people: People;
  /** Why staff were called, in order. */
  readonly alarms: string[] = [];
  readonly #unwire: (() => void)[] = [];

  constructor({ id, setting, ...shared }: PartOptions<LaneId>) {
    const { clock } = shared;
    const kind = museum.kinds[id];
    super({
      ...shared,
      config: setting.configs[id],
      dataFolder: setting.data[id],
      relays: kind === 'relay' ? laneRelays : {},
      devices: laneDevices(id),
    });
    this.kind = kind;
    this.barrier = new Barrier({ clock, times: { ...barrierDefaults, waitMs: museum.controllerWaitMs } });
    this.people = new People({ barrier: this.barrier, clock, stepMs });
    tracePassages(this.file('passages'), this.people, monotonicUs);
    if (kind === 'relay') this.#wireRelays();
    else this.#wireTurnstile();
  }

  /** Resolves when it holds its site's rules, a deny list and a lease. */
  async serves(): Promise<void> {
    for (const act of ['rules', 'deny', 'lease'])
      await this.until(`${this.id} to hold its ${act}`, () => this.sight.acts().has(act));
  }

  /** Places left on the lease, as the journal last said. */
  placesLeft(): number {
    return this.sight.rows().findLast(({ payload }) => payload.leaseLeft !== undefined)?.payload.leaseLeft ?? 0;
  }

  locked(): Promise<void> {
    return this.until(`the barrier of ${this.id} to lock`, () => this.barrier.state.phase === 'locked');
  }

  override async close(): Promise<void> {
    await super.close();
    this.people.close();
    this.barrier.close();
    for (const stop of this.#unwire) stop();
  }

  protected override heard(message: ChildMessage): void {
    super.heard(message);
    if (message.kind === 'staff') this.alarms.push(String(message['why']));
  }

  #wireRelays(): void {
    const wiring = new RelayWiring({
      board: this.board,
      barrier: this.barrier,
      pins: wiresOf(defaultRelayPins),
      clock: this.clock,
      leastPulseMs,
    });
    this.#unwire.push(() => wiring.close());
  }

  /** The trace listens first: it has looked into the journal when the controller obeys. */
  #wireTurnstile(): void {
    const line = this.line('gate');
    const trace = new LineTrace(this.file('board'), this.sight);
    const untrace = line.data.on((bytes) => {
      trace.heard(monotonicUs(), bytes);
      trace.look();
    });
    const controller = new SimulatedDigicon({
      line,
      barrier: this.barrier,
      entry: museum.turnstileEntry,
      nowUs: monotonicUs,
    });
    const unwire = wireFireContact(this.barrier, this.board, fire.pin);
    this.#unwire.push(
      untrace,
      unwire,
      () => controller.close(),
      () => trace.flush(),
    );
  }
}
