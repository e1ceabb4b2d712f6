// One board for several devices: its inputs, edge by edge, and parts that start and stop by themselves while the board
// starts once. The lamps and the gate of one lane are the usual case.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PinBoard } from '../../devices/board/firmata-board.ts';
import { FirmataDecoder } from '../../devices/board/protocol/decoder.ts';
import { pinModes } from '../../devices/board/protocol/messages.ts';
import { defaultRelayPins } from '../../devices/gate/relay/pinout.ts';
import { RelayGate } from '../../devices/gate/relay/relay-gate.ts';
import { BoardIndicator } from '../../devices/indicator/board-indicator.ts';
import { lamps } from '../../devices/indicator/cue-table.ts';
import { SimulatedBoard } from '../../simulators/board/simulated-board.ts';
import { sharedBoard } from './gate-stand.ts';
import { Rig, record, until } from './rig.ts';

const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n);
const lampPins = { green: 4, red: 5, amber: 6, white: 7, buzzer: 8 } as const;

let rig: Rig;
let simulated: SimulatedBoard;
beforeEach(async () => {
  rig = new Rig('socket');
  simulated = new SimulatedBoard({ line: await rig.line(), clock: rig.clock, nowUs });
  rig.ending(() => simulated.close());
});
afterEach(() => rig.end());

const messages = () => new FirmataDecoder('host').push(Buffer.concat(simulated.trace.map((entry) => entry.bytes)));
const share = () => sharedBoard(rig, simulated.line);

async function started(part: { start(): void; stop(): Promise<void>; changed: PinBoard['changed'] }): Promise<void> {
  rig.ending(() => part.stop());
  const reached = part.changed.next((health) => health.state === 'online');
  part.start();
  await reached;
}

describe('inputs', () => {
  const inputs = [
    { pin: 2, pullUp: true },
    { pin: 3, pullUp: false },
    { pin: 11, pullUp: true },
  ];

  it('have mode, pull-up and a level before the board is online', async () => {
    simulated.apply(11, 0);
    const board = share().part('contacts', { outputs: [9], inputs });
    expect(board.level(2)).toBe(null);
    const edges = record(board.edges);
    await started(board);
    expect([2, 3, 11].map((pin) => simulated.pin(pin).mode)).toEqual([
      pinModes.pullup,
      pinModes.input,
      pinModes.pullup,
    ]);
    expect([2, 3, 11].map((pin) => board.level(pin))).toEqual([1, 0, 0]);
    expect(edges).toEqual([]);
  });

  it('tell every edge of a burst, in order, each with its time', async () => {
    const board = share().part('contacts', { outputs: [9], inputs });
    await started(board);
    const edges = record(board.edges);
    const beforeMs = rig.clock.monoMs();
    for (let edge = 0; edge < 20; edge++) simulated.apply(2, edge % 2 === 0 ? 0 : 1);
    await until(() => edges.length === 20);
    expect(edges.map(({ pin, level }) => `${pin}:${level}`)).toEqual(
      Array.from({ length: 20 }, (_, edge) => `2:${edge % 2}`),
    );
    expect(edges.every((edge) => edge.atMonoMs >= beforeMs && edge.atMonoMs <= rig.clock.monoMs())).toBe(true);
    expect(edges.every((edge, index) => edge.atMonoMs >= (edges[index - 1]?.atMonoMs ?? 0))).toBe(true);
  });

  it('keep their pull-up off while an output of the same port is switched', async () => {
    const board = share().part('contacts', { outputs: [4], inputs });
    await started(board);
    simulated.apply(3, 1);
    await until(() => board.level(3) === 1);
    expect(board.set(4, true)).toBe(true);
    await until(() => simulated.pin(4).level === 1);
    expect(simulated.pin(3)).toMatchObject({ mode: pinModes.input, value: 0 });
  });

  it('are unknown while the board is away, and told by level when it is back', async () => {
    const board = share().part('contacts', { outputs: [9], inputs });
    await started(board);
    const edges = record(board.edges);
    const gone = board.changed.next((health) => health.state === 'absent');
    await simulated.line.unplug();
    await gone;
    expect(board.level(2)).toBe(null);
    simulated.apply(2, 0);
    const back = board.changed.next((health) => health.state === 'online');
    await simulated.line.replug();
    await back;
    expect(board.level(2)).toBe(0);
    expect(edges).toEqual([]);
  });

  it('whose edge was lost on the line are right again at the next heartbeat', async () => {
    const board = share().part('contacts', { outputs: [9], inputs });
    await started(board);
    const edges = record(board.edges);
    const lost = simulated.line.faults.add({ kind: 'mute' }, 1);
    simulated.apply(2, 0);
    expect(lost.fired).toBe(1);
    await until(() => board.level(2) === 0);
    expect(edges).toEqual([expect.objectContaining({ pin: 2, level: 0 })]);
  });

  it('that the board does not take keep it from coming online', async () => {
    const locked = simulated.faults.add({ kind: 'locked', pin: 2 });
    const board = share().part('contacts', { outputs: [9], inputs });
    rig.ending(() => board.stop());
    const refused = board.changed.next((health) => health.state === 'faulty');
    board.start();
    expect((await refused).detail).toMatch(/DEVICE_UNSUPPORTED: .* pin 2 is no input with pull-up: mode 0/);
    expect(locked.fired).toBe(1);
  });
});

describe('one board for lamps and a gate', () => {
  async function lane() {
    const { clock, log } = rig;
    const shared = share();
    const lampBoard = shared.part('lamps', { outputs: Object.values(lampPins), inputs: [] });
    const indicator = new BoardIndicator({ board: lampBoard, pins: lampPins, clock });
    const gate = new RelayGate({ id: 'gate', board: shared, pins: defaultRelayPins, openPulseMs: 100, clock, log });
    return { shared, indicator, gate };
  }
  const lit = (): string[] => lamps.filter((lamp) => simulated.pin(lampPins[lamp]).level === 1);

  it('starts once, and each device has a health of its own', async () => {
    const { indicator, gate } = await lane();
    await Promise.all([started(indicator), started(gate)]);
    expect([indicator.health().id, gate.health().id]).toEqual(['lamps', 'gate']);
    expect(messages().filter((message) => message.kind === 'pinMode' && message.pin === lampPins.green)).toHaveLength(
      1,
    );
    expect(indicator.show('accepted')).toBe(true);
    expect(simulated.pin(defaultRelayPins.unlock.entry).level).toBe(0);
  });

  it('lamps and pulse do not disturb each other, though they share ports', async () => {
    const { indicator, gate } = await lane();
    simulated.apply(defaultRelayPins.ready.pin, 0);
    simulated.apply(defaultRelayPins.fire.pin, 0);
    await Promise.all([started(indicator), started(gate)]);
    indicator.show('accepted');
    expect(gate.release('entry')).toBe(true);
    await until(() => simulated.pin(defaultRelayPins.unlock.entry).level === 1);
    expect(lit()).toEqual(['green']);
    await until(() => simulated.pin(defaultRelayPins.unlock.entry).level === 0);
    expect(lit()).toEqual(['green']);
  });

  it('goes on for one when the other stops, and leaves the stopped one low', async () => {
    const { indicator, gate } = await lane();
    await Promise.all([started(indicator), started(gate)]);
    indicator.show('outOfOrder');
    await until(() => lit().length === 1);
    await indicator.stop();
    await until(() => lit().length === 0);
    expect([indicator.health().state, gate.health().state]).toEqual(['stopped', 'online']);
    expect(indicator.show('accepted')).toBe(false);
    await gate.stop();
    expect([gate.health().state, rig.clock.pending()]).toEqual(['stopped', []]);
    await started(indicator);
    expect(indicator.show('accepted')).toBe(true);
    expect(gate.health().state).toBe('stopped');
  });

  it('answers each part only for its own pins', async () => {
    const shared = share();
    const [lampBoard, other] = [4, 9].map((pin) => shared.part(`pin ${pin}`, { outputs: [pin], inputs: [] }));
    await started(lampBoard as PinBoard);
    await started(other as PinBoard);
    expect([lampBoard?.set(9, true), lampBoard?.pulse(9, 100), other?.set(9, true)]).toEqual([false, false, true]);
  });

  it('gives no pin twice, and no part after the start', async () => {
    const { shared, gate } = await lane();
    const again = () => shared.part('second', { outputs: [], inputs: [{ pin: 8, pullUp: false }] });
    expect(again).toThrow(/pin 8 is used by lamps and by second/);
    await started(gate);
    expect(() => shared.part('late', { outputs: [16], inputs: [] })).toThrow(/after the board was started/);
  });
});
