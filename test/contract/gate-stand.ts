// Two gates on the bench: each driver against its simulator over a real line, with the same barrier and the same people
// behind both wires. Times are those of real gates, but for waits that a test means to see the end of.

import { SharedBoard } from '../../devices/board/shared-board.ts';
import { DigiconGate, type DigiconGateOptions } from '../../devices/gate/digicon/digicon-gate.ts';
import { defaultRelayPins } from '../../devices/gate/relay/pinout.ts';
import { RelayGate, type RelayGateOptions } from '../../devices/gate/relay/relay-gate.ts';
import type { Gate, GateEvent } from '../../devices/ports/gate.ts';
import { SimulatedBoard } from '../../simulators/board/simulated-board.ts';
import { Barrier, barrierDefaults } from '../../simulators/gate/barrier.ts';
import { wireFireContact } from '../../simulators/gate/fire-wiring.ts';
import { People } from '../../simulators/gate/people.ts';
import type { PulseEntry } from '../../simulators/gate/pulse-record.ts';
import { RelayWiring } from '../../simulators/gate/relay-wiring.ts';
import { SimulatedDigicon } from '../../simulators/gate/simulated-digicon.ts';
import type { DeviceEnd } from '../../simulators/line/device-end.ts';
import { type Rig, record } from './rig.ts';

/** Short enough to be waited for. */
export const shortWaitMs = 1_500;
const waitMs = 5_000;
/** What the driver allows for a motion; the simulated wings take 0.4 s. */
export const motionMs = 1_000;
const blockedAfterMs = 1_500;
const backOffMs = [20, 40];
const heartbeatMs = 250;
const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n);

export interface Stand {
  readonly rig: Rig;
  readonly gate: Gate;
  readonly events: readonly GateEvent[];
  readonly barrier: Barrier;
  readonly people: People;
  readonly line: DeviceEnd;
  /** Releases that reached the gate. */
  readonly pulses: () => readonly PulseEntry[];
  readonly board: SimulatedBoard;
  /** Starts the driver and resolves when it is online. */
  readonly online: () => Promise<void>;
}

export interface StandOptions {
  /** Default {@link waitMs}, for controller and driver. */
  readonly waitMs?: number;
  readonly relay?: Partial<RelayGateOptions>;
  readonly digicon?: Partial<DigiconGateOptions>;
  /** Firmware name of the gate's own board, and the one its driver expects. */
  readonly firmware?: { readonly given: string; readonly expected: string };
}

export type MakeStand = (rig: Rig, options?: StandOptions) => Promise<Stand>;

export const relayStand: MakeStand = async (rig, { relay, firmware, ...more } = {}) => {
  const { clock, log } = rig;
  const { line, board } = await simulatedBoard(rig, firmware?.given);
  const times = { waitMs: more.waitMs ?? waitMs, motionMs };
  const { barrier, people } = barrierOf(rig, times.waitMs);
  const { unlock, passageEntry, passageExit, ready, occupied, opened, fire } = defaultRelayPins;
  const outputs = {
    passageEntry: passageEntry.pin,
    passageExit: passageExit.pin,
    ready: ready.pin,
    occupied: occupied.pin,
    opened: opened.pin,
  };
  const wiring = new RelayWiring({
    board,
    barrier,
    pins: { unlock, outputs, fire: fire.pin },
    clock,
    leastPulseMs: 20,
  });
  rig.ending(async () => wiring.close());
  const gate = new RelayGate({
    id: 'gate',
    board: sharedBoard(rig, line, firmware?.expected),
    pins: defaultRelayPins,
    openPulseMs: 100,
    debounceMs: 20,
    times,
    blockedAfterMs,
    clock,
    log,
    ...relay,
  });
  return stand(rig, { gate, barrier, people, line, board, pulses: () => wiring.pulses });
};

export const digiconStand: MakeStand = async (rig, { digicon, ...more } = {}) => {
  const { clock, log } = rig;
  const line = await rig.line(115_200);
  const times = { waitMs: more.waitMs ?? waitMs, motionMs };
  const { barrier, people } = barrierOf(rig, times.waitMs);
  const entry = { release: 'leftToRight', passage: 'B' } as const;
  const controller = new SimulatedDigicon({ line, barrier, entry, nowUs });
  rig.ending(async () => controller.close());
  // The lane's lamps are on a board, which has a pin for the fire system's second contact.
  const lamps = await simulatedBoard(rig);
  const { fire } = defaultRelayPins;
  const unwire = wireFireContact(barrier, lamps.board, fire.pin);
  rig.ending(async () => unwire());
  const shared = sharedBoard(rig, lamps.line);
  shared.part('lamps', { outputs: [4], inputs: [] });
  const gate = new DigiconGate({
    id: 'gate',
    line: { path: line.path, baudRate: 115_200 },
    entry,
    fire: { board: shared, input: fire, debounceMs: 20 },
    times,
    backOffMs,
    clock,
    log,
    ...digicon,
  });
  return stand(rig, { gate, barrier, people, line, board: lamps.board, pulses: () => controller.pulses });
};

function stand(rig: Rig, parts: Omit<Stand, 'rig' | 'events' | 'online'>): Stand {
  const { gate } = parts;
  rig.ending(() => gate.stop());
  const online = async (): Promise<void> => {
    const reached = gate.changed.next((health) => health.state === 'online');
    gate.start();
    await reached;
  };
  return { ...parts, rig, events: record(gate.events), online };
}

function barrierOf(rig: Rig, waitMs: number): { barrier: Barrier; people: People } {
  const { clock } = rig;
  const barrier = new Barrier({ clock, times: { ...barrierDefaults, waitMs } });
  const people = new People({ barrier, clock, stepMs: 300 });
  rig.ending(async () => {
    people.close();
    barrier.close();
  });
  return { barrier, people };
}

async function simulatedBoard(rig: Rig, name?: string): Promise<{ line: DeviceEnd; board: SimulatedBoard }> {
  const line = await rig.line();
  const board = new SimulatedBoard({ line, clock: rig.clock, nowUs, ...(name && { name }) });
  rig.ending(() => board.close());
  return { line, board };
}

export function sharedBoard({ clock, log }: Rig, line: DeviceEnd, firmware?: string): SharedBoard {
  return new SharedBoard({
    id: 'board',
    line: { path: line.path, baudRate: 57_600 },
    reportVersionTimeoutMs: 1,
    handshakeTimeoutMs: 1_500,
    heartbeatMs,
    backOffMs,
    clock,
    log,
    ...(firmware && { firmware }),
  });
}
