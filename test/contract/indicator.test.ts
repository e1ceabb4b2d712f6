// The indicator port's contract: the board driver (johnny-five over firmata-io over our line) against the simulated
// Firmata board, over every kind of line this machine has, and against a real board where one is named.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FirmataDecoder } from '../../devices/board/protocol/decoder.ts';
import { pinModes } from '../../devices/board/protocol/messages.ts';
import { type BoardIndicator, createBoardIndicator } from '../../devices/indicator/board-indicator.ts';
import { type Lamp, lamps } from '../../devices/indicator/cue-table.ts';
import { type Cue, cues } from '../../devices/ports/indicator.ts';
import { openLine } from '../../devices/serial/line.ts';
import { SimulatedBoard, type SimulatedBoardOptions } from '../../simulators/board/simulated-board.ts';
import type { LineKind } from '../../simulators/line/line.ts';
import { peer, realDevicePath } from '../peers/available.ts';
import { pause, Rig, record, until } from './rig.ts';

const pins = { green: 4, red: 5, amber: 6, white: 7, buzzer: 8 } as const;
const heartbeatMs = 40;
const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n);
const bytesOf = (board: SimulatedBoard, from: number): string =>
  Buffer.concat(board.trace.slice(from).map((entry) => entry.bytes)).toString('hex');
const lit = (board: SimulatedBoard): Lamp[] => lamps.filter((lamp) => board.pin(pins[lamp]).level === 1);

describe.skipIf(!peer('pty'))('board indicator on a pseudo terminal', () => contract('pty'));
describe('board indicator on a socket', () => contract('socket'));

function contract(kind: LineKind): void {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig(kind);
  });
  afterEach(() => rig.end());

  async function board(options: Partial<SimulatedBoardOptions> = {}): Promise<SimulatedBoard> {
    const line = await rig.line();
    const simulated = new SimulatedBoard({ line, clock: rig.clock, nowUs, ...options });
    rig.ending(() => simulated.close());
    return simulated;
  }

  function indicatorFor(simulated: SimulatedBoard): BoardIndicator {
    const indicator = createBoardIndicator({
      id: 'lamp',
      line: { path: simulated.line.path, baudRate: 57_600 },
      pins,
      reportVersionTimeoutMs: 1,
      handshakeTimeoutMs: 400,
      heartbeatMs,
      backOffMs: [20, 40],
      clock: rig.clock,
      log: rig.log,
    });
    rig.ending(() => indicator.stop());
    return indicator;
  }

  const becomes = (indicator: BoardIndicator, state: string) =>
    indicator.changed.next((health) => health.state === state);

  async function online() {
    const simulated = await board();
    const indicator = indicatorFor(simulated);
    const reached = becomes(indicator, 'online');
    indicator.start();
    await reached;
    return { simulated, indicator };
  }

  it('makes every output a low output before it says online', async () => {
    const simulated = await board();
    const indicator = indicatorFor(simulated);
    // What a process that died left behind: the stock firmware keeps its outputs.
    for (const pin of Object.values(pins)) simulated.line.data.emit(Uint8Array.of(0xf4, pin, pinModes.output));
    simulated.line.data.emit(Uint8Array.of(0x90, 0x70, 0x01, 0x91, 0x01, 0x00));
    expect(lit(simulated)).toEqual(['green', 'red', 'amber', 'white']);
    const states = record(indicator.changed);
    const reached = becomes(indicator, 'online').then(() => simulated.pins());
    indicator.start();
    const atOnline = await reached;
    for (const pin of Object.values(pins)) expect(atOnline[pin]).toMatchObject({ mode: pinModes.output, level: 0 });
    expect(states.map((health) => health.state)).toEqual(['opening', 'online']);
    // The level is sent, not left to what the firmware does when a pin becomes an output.
    const sent = new FirmataDecoder('host').push(Buffer.from(bytesOf(simulated, 0), 'hex'));
    for (const [index, pin] of Object.values(pins).entries()) {
      const { port, levels } = sent.filter((message) => message.kind === 'digital')[index + 2] ?? {};
      expect({ pin, port, levels }).toEqual({ pin, port: pin >> 3, levels: 0 });
    }
  });

  it('begins the accepted cue with the green bytes, and the buzzer follows', async () => {
    const { simulated, indicator } = await online();
    expect(indicator.show('refused')).toBe(true);
    await until(() => lit(simulated).includes('red'));
    const from = simulated.trace.length;
    const edges = record(simulated.pinChanged);
    expect(indicator.show('accepted')).toBe(true);
    await until(() => lit(simulated).join() === 'green' && heard(simulated, edges));
    // Port 0 with green beside the still lit red, port 0 with green alone, then the buzzer on port 1.
    expect(bytesOf(simulated, from)).toMatch(/^903000901000910100/);
  });

  it('shows no green byte in any cue that does not grant', async () => {
    const { simulated, indicator } = await online();
    for (const cue of cues.filter((name) => name !== 'accepted' && name !== 'repeat')) {
      const edges = record(simulated.pinChanged);
      indicator.show('accepted');
      await until(() => lit(simulated).join() === 'green' && heard(simulated, edges));
      const from = simulated.trace.length;
      expect(indicator.show(cue)).toBe(true);
      await until(() => !lit(simulated).includes('green'));
      await pause(10);
      const messages = new FirmataDecoder('host').push(Buffer.from(bytesOf(simulated, from), 'hex'));
      const green = messages.filter(
        (m) => m.kind === 'digital' && m.port === 0 && (m.levels & (1 << pins.green)) !== 0,
      );
      expect({ cue, green }).toEqual({ cue, green: [] });
    }
  });

  it.each([
    ['ready', [], 0],
    ['accepted', ['green'], 1],
    ['repeat', ['green'], 0],
    ['refused', ['red'], 3],
    ['staff', ['amber'], 2],
    ['wait', ['white'], 0],
    ['emergency', ['amber', 'white'], 0],
    ['outOfOrder', ['red'], 0],
  ] as const)('shows %s as lamps [%s] with %i beeps', async (cue: Cue, expected, beeps) => {
    const { simulated, indicator } = await online();
    const edges = record(simulated.pinChanged);
    expect(indicator.show(cue)).toBe(true);
    await until(() => lit(simulated).join() === expected.join());
    const rises = (): number => buzzes(edges);
    const falls = (): number => edges.filter((edge) => edge.pin === pins.buzzer && edge.level === 0).length;
    await until(() => falls() === beeps);
    await pause(120);
    expect(rises()).toBe(beeps);
    expect(lit(simulated)).toEqual(expected);
  });

  it('answers false while offline, sends nothing then, and starts dark', async () => {
    const { simulated, indicator } = await online();
    indicator.show('outOfOrder');
    await until(() => lit(simulated).includes('red'));
    const gone = becomes(indicator, 'absent');
    await simulated.line.unplug();
    await gone;
    const from = simulated.trace.length;
    expect(cues.map((cue) => indicator.show(cue))).toEqual(cues.map(() => false));
    const back = becomes(indicator, 'online');
    await simulated.line.replug();
    await back;
    expect(lit(simulated)).toEqual([]);
    const sent = new FirmataDecoder('host').push(Buffer.from(bytesOf(simulated, from), 'hex'));
    expect(sent.filter((message) => message.kind === 'digital' && message.levels !== 0)).toEqual([]);
    expect(indicator.show('accepted')).toBe(true);
    await until(() => lit(simulated).join() === 'green');
    expect(indicator.health().reconnects).toBe(1);
  });

  it('answers false before it was started and after it was stopped', async () => {
    const { indicator } = await online();
    expect(indicatorFor(await board()).show('accepted')).toBe(false);
    await indicator.stop();
    expect(indicator.show('accepted')).toBe(false);
  });

  it('leaves every output low when stopped, and no timer behind', async () => {
    const { simulated, indicator } = await online();
    indicator.show('refused');
    await until(() => lit(simulated).includes('red'));
    await indicator.stop();
    await until(() => lit(simulated).length === 0 && simulated.pin(pins.buzzer).level === 0);
    expect(indicator.health().state).toBe('stopped');
    expect(rig.clock.pending()).toEqual([]);
  });

  it.each([{ kind: 'mute' }, { kind: 'hang' }] as const)(
    'notices a board that falls $kind by its heartbeat and returns when it does',
    async (fault) => {
      const { simulated, indicator } = await online();
      const silent = becomes(indicator, 'faulty');
      const armed = simulated.faults.add(fault);
      expect((await silent).detail).toMatch(/DEVICE_SILENT: .* heartbeats/);
      expect(indicator.show('accepted')).toBe(false);
      expect(armed.fired).toBeGreaterThanOrEqual(2);
      const back = becomes(indicator, 'online');
      simulated.faults.remove(armed);
      await back;
      expect(indicator.show('accepted')).toBe(true);
    },
  );

  it('a board whose line hangs wedges nothing: another board works and stop returns', async () => {
    const hung = await online();
    const other = await online();
    const wedge = hung.simulated.line.faults.add({ kind: 'hang' });
    expect(other.indicator.show('accepted')).toBe(true);
    await until(() => lit(other.simulated).join() === 'green');
    await hung.indicator.stop();
    expect(hung.indicator.health().state).toBe('stopped');
    expect(wedge.fired).toBeGreaterThan(0);
  });

  it('notices a board that restarted by itself, because its pins are inputs again', async () => {
    const { simulated, indicator } = await online();
    const lost = becomes(indicator, 'faulty');
    const back = becomes(indicator, 'online');
    simulated.powerCycle();
    expect((await lost).detail).toMatch(/restarted by itself/);
    await back;
    expect(simulated.pin(pins.green)).toMatchObject({ mode: pinModes.output, level: 0 });
  });

  it('notices a silent restart by the mode of its pins', async () => {
    const simulated = await board({ greets: false });
    const indicator = indicatorFor(simulated);
    const reached = becomes(indicator, 'online');
    indicator.start();
    await reached;
    const lost = becomes(indicator, 'faulty');
    simulated.powerCycle();
    expect((await lost).detail).toMatch(/no output any more/);
  });

  it('waits for a board that boots slowly', async () => {
    const simulated = await board();
    const delay = simulated.faults.add({ kind: 'boot-delay', ms: 150 }, 1);
    simulated.powerCycle();
    const indicator = indicatorFor(simulated);
    const reached = becomes(indicator, 'online');
    indicator.start();
    await reached;
    expect(delay.fired).toBe(1);
  });

  it('says so when nothing on the line answers as a board', async () => {
    const simulated = await board();
    const mute = simulated.faults.add({ kind: 'mute' });
    const indicator = indicatorFor(simulated);
    const silent = becomes(indicator, 'faulty');
    indicator.start();
    expect((await silent).detail).toMatch(/no Firmata answer within 400 ms/);
    expect(mute.fired).toBeGreaterThan(0);
  });

  it('does not come online on a board that leaves one of its outputs alone', async () => {
    const simulated = await board();
    const locked = simulated.faults.add({ kind: 'locked', pin: pins.red });
    const indicator = indicatorFor(simulated);
    const refused = becomes(indicator, 'faulty');
    indicator.start();
    expect((await refused).detail).toMatch(/DEVICE_UNSUPPORTED: .* pin 5 does not take the safe level/);
    expect(indicator.show('accepted')).toBe(false);
    expect(locked.fired).toBe(1);
  });

  it('lives through noise on the line', async () => {
    const { simulated, indicator } = await online();
    const noise = simulated.faults.add({ kind: 'noise', bytes: 64 }, 20);
    await until(() => noise.fired === 20);
    await until(() => indicator.health().state === 'online');
    expect(indicator.show('accepted')).toBe(true);
    await until(() => lit(simulated).join() === 'green');
  });

  it.each([
    ['names a pin the board lacks', 'f06e7f0100f7'],
    ['maps more pins than there are', `f06a${'7f'.repeat(40)}f7`],
    ['never ends', `f071${'41'.repeat(9_000)}`],
  ])('digests a message that %s without losing the board', async (_, wire) => {
    const { simulated, indicator } = await online();
    simulated.line.write(Buffer.from(wire, 'hex'));
    // Long enough for a driver that stopped listening to be declared dead.
    await pause(4 * heartbeatMs);
    expect(indicator.health()).toMatchObject({ state: 'online', reconnects: 0 });
    expect(indicator.show('accepted')).toBe(true);
    await until(() => lit(simulated).join() === 'green');
  });

  it('refuses a second open of its line', async () => {
    const { simulated } = await online();
    const second = openLine({ path: simulated.line.path, baudRate: 57_600 }, rig.clock);
    await expect(second).rejects.toMatchObject({ code: 'DEVICE_BUSY' });
  });
}

const realBoard = realDevicePath('board');
describe.skipIf(!realBoard)('board indicator on a real board', () => {
  it('comes online, shows every cue and goes dark', async () => {
    const rig = new Rig('socket');
    const indicator = createBoardIndicator({
      id: 'real',
      line: { path: realBoard ?? '', baudRate: 57_600 },
      pins,
      reportVersionTimeoutMs: 2_000,
      clock: rig.clock,
      log: rig.log,
    });
    const reached = indicator.changed.next((health) => health.state === 'online');
    indicator.start();
    await reached;
    for (const cue of cues) {
      expect(indicator.show(cue)).toBe(true);
      await pause(700);
    }
    expect(indicator.health().state).toBe('online');
    await indicator.stop();
    await rig.end();
  });
});

type Edges = readonly { readonly pin: number; readonly level: number }[];
const buzzes = (edges: Edges): number => edges.filter(({ pin, level }) => pin === pins.buzzer && level === 1).length;

/** The tone is short: a busy machine may look only after it, and then its edges tell. */
const heard = (simulated: SimulatedBoard, edges: Edges): boolean =>
  simulated.pin(pins.buzzer).level === 1 || edges.some(({ pin }) => pin === pins.buzzer);
