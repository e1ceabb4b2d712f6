// The gate port's contract: both drivers against the same simulated barrier, over every kind of line this machine has, and
// against a real gate where one is named.
import { describe, expect, it, type TestContext } from 'vitest';
import { FirmataDecoder } from '../../devices/board/protocol/decoder.ts';
import { maxPulseMs } from '../../devices/board/pulses.ts';
import { SharedBoard } from '../../devices/board/shared-board.ts';
import { DigiconGate } from '../../devices/gate/digicon/digicon-gate.ts';
import { encode } from '../../devices/gate/digicon/protocol/messages.ts';
import { defaultRelayPins } from '../../devices/gate/relay/pinout.ts';
import { RelayGate } from '../../devices/gate/relay/relay-gate.ts';
import type { GateEvent } from '../../devices/ports/gate.ts';
import type { LineKind } from '../../simulators/line/line.ts';
import { peer, realDevicePath } from '../peers/available.ts';
import {
  digiconStand,
  type MakeStand,
  motionMs,
  relayStand,
  type Stand,
  type StandOptions,
  sharedBoard,
  shortWaitMs,
} from './gate-stand.ts';
import { pause, Rig, until } from './rig.ts';

const drivers = [
  ['relay gate', relayStand, { opening: true, detector: true }],
  ['Digicon gate', digiconStand, { opening: false, detector: false }],
] as const;
type Sees = (typeof drivers)[number][2];

for (const [name, make, sees] of drivers) {
  describe.skipIf(!peer('pty'))(`${name} on a pseudo terminal`, () => contract('pty', make, sees));
  describe(`${name} on a socket`, () => contract('socket', make, sees));
}

/** Tests run side by side, since they mostly wait: each has a rig of its own. */
function newRig(context: TestContext, kind: LineKind): Rig {
  const rig = new Rig(kind);
  context.onTestFinished(() => rig.end());
  return rig;
}

const told = (events: readonly GateEvent[]): string[] =>
  events.map((event) => `${event.kind}${'direction' in event ? ` ${event.direction}` : ''}`);

function contract(kind: LineKind, make: MakeStand, sees: Sees): void {
  const rigOf = (context: TestContext): Rig => newRig(context, kind);
  async function online(context: TestContext, options: StandOptions = {}): Promise<Stand> {
    const stand = await make(rigOf(context), options);
    await stand.online();
    return stand;
  }
  const opened = (direction: string): string[] => (sees.opening ? [`opened ${direction}`] : []);
  const has = (stand: Stand, wanted: string): Promise<void> => until(() => told(stand.events).includes(wanted));
  const settled = (stand: Stand): Promise<void> => until(() => stand.barrier.state.phase === 'locked');

  it.concurrent('moves nothing when it comes online', async (context) => {
    const { gate, pulses, barrier, events } = await online(context);
    await pause(50);
    expect(pulses()).toEqual([]);
    expect(barrier.state).toMatchObject({ phase: 'locked', wings: { left: 0, right: 0 } });
    expect(events).toEqual([]);
    expect(gate.sensors()).toMatchObject({ fire: false, passages: { entry: 0, exit: 0 } });
    expect(gate.confirmsOpening).toBe(sees.opening);
  });

  it.concurrent.for(['entry', 'exit'] as const)(
    'one %s release lets one person through',
    async (direction, context) => {
      const stand = await online(context);
      const { gate, people, pulses } = stand;
      expect(gate.release(direction)).toBe(true);
      expect(await people.walk(direction)).toBe('passed');
      await has(stand, `passed ${direction}`);
      await settled(stand);
      await pause(motionMs + 50);
      expect(told(stand.events)).toEqual([...opened(direction), `passed ${direction}`]);
      expect(pulses()).toEqual([expect.objectContaining({ direction, taken: true })]);
      expect(gate.sensors().passages).toEqual({ entry: 0, exit: 0, [direction]: 1 });
    },
  );

  it.concurrent('says not passed when nobody comes, after the controller has waited', async (context) => {
    const stand = await online(context, { waitMs: shortWaitMs });
    const releasedMs = stand.rig.clock.monoMs();
    stand.gate.release('entry');
    await has(stand, 'notPassed entry');
    expect(told(stand.events)).toEqual([...opened('entry'), 'notPassed entry']);
    expect(stand.events.at(-1)?.atMonoMs).toBeGreaterThanOrEqual(releasedMs + shortWaitMs);
    expect(stand.barrier.state.phase).not.toBe('released');
    expect(stand.gate.sensors().passages.entry).toBe(0);
  });

  it.concurrent('hands on who turned back as a passage of the other side, uncounted', async (context) => {
    const stand = await online(context);
    stand.gate.release('entry');
    expect(await stand.people.turnBack('entry')).toBe('turnedBack');
    await has(stand, 'passed exit');
    expect(told(stand.events)).toEqual([...opened('entry'), 'passed exit']);
    expect(stand.gate.sensors().passages).toEqual({ entry: 0, exit: 0 });
  });

  it.concurrent('sees a tailgater as a second passage of one release', async (context) => {
    const stand = await online(context);
    stand.gate.release('entry');
    await stand.people.tailgate('entry');
    await until(() => told(stand.events).filter((text) => text === 'passed entry').length === 2);
    expect(told(stand.events)).toEqual([...opened('entry'), 'passed entry', 'passed entry']);
    expect(stand.gate.sensors().passages.entry).toBe(2);
    expect(stand.pulses()).toHaveLength(1);
  });

  it.concurrent('hands on a passage of a locked gate and does not count it', async (context) => {
    const stand = await online(context);
    const beforeMs = stand.rig.clock.monoMs();
    await stand.people.push('entry');
    await has(stand, 'passed entry');
    expect(told(stand.events)).toEqual(['passed entry']);
    expect(stand.events[0]?.atMonoMs).toBeGreaterThanOrEqual(beforeMs);
    expect(stand.gate.sensors().passages.entry).toBe(0);
    expect(stand.rig.logged).toContainEqual(expect.objectContaining({ event: 'gate-unexpected-passage' }));
  });

  it.concurrent('takes one release at a time, and the next as soon as the person is through', async (context) => {
    const stand = await online(context);
    const { gate, people } = stand;
    expect(gate.release('entry')).toBe(true);
    expect([gate.release('entry'), gate.release('exit')]).toEqual([false, false]);
    await people.walk('entry');
    await has(stand, 'passed entry');
    expect(gate.release('entry')).toBe(true);
    await people.walk('entry');
    await until(() => told(stand.events).filter((text) => text === 'passed entry').length === 2);
    expect(stand.pulses()).toHaveLength(2);
    expect(gate.sensors().passages.entry).toBe(2);
  });

  it.concurrent('observes fire with the time of its edge, refuses to move during it, and sends nothing', async (context) => {
    const stand = await online(context, { waitMs: shortWaitMs });
    const { gate, barrier, line } = stand;
    gate.release('entry');
    await until(() => barrier.lets('entry') && stand.events.length === opened('entry').length);
    const from = stand.rig.clock.monoMs();
    barrier.setFire(true);
    const seenMs = stand.rig.clock.monoMs();
    await has(stand, 'fire');
    // The debounce delays the telling, never the time that is told.
    const fire = stand.events.find((event) => event.kind === 'fire');
    expect(fire).toMatchObject({ active: true });
    expect(fire?.atMonoMs).toBeGreaterThanOrEqual(from);
    expect(fire?.atMonoMs).toBeLessThan(stand.rig.clock.monoMs() - 15);
    expect(fire?.atMonoMs).toBeLessThan(seenMs + 1_000);
    expect(gate.sensors().fire).toBe(true);
    const heard: Uint8Array[] = [];
    const stop = line.data.on((bytes) => heard.push(bytes));
    expect([gate.release('entry'), gate.release('exit')]).toEqual([false, false]);
    await pause(shortWaitMs + motionMs + 50);
    stop();
    const writes = new FirmataDecoder('host')
      .push(Buffer.concat(heard))
      .filter((message) => message.kind === 'digital');
    expect(sees.detector ? writes : heard).toEqual([]);
    expect(told(stand.events)).toEqual([...opened('entry'), 'fire']);
    expect(stand.pulses()).toHaveLength(1);
    barrier.setFire(false);
    await until(() => stand.events.at(-1)?.kind === 'fire' && gate.sensors().fire === false);
    await settled(stand);
    await until(() => gate.release('entry'));
  });

  it.concurrent('opens in fire and without power while the driver is stopped', async (context) => {
    const { gate, barrier, rig } = await online(context);
    await gate.stop();
    for (const [act, end] of [
      [() => barrier.setFire(true), () => barrier.setFire(false)],
      [() => barrier.setPower(false), () => barrier.setPower(true)],
    ] as const) {
      const beganMs = rig.clock.monoMs();
      act();
      await until(() => barrier.lets('entry') && barrier.lets('exit'));
      expect(rig.clock.monoMs() - beganMs).toBeLessThanOrEqual(2_000);
      expect(barrier.state.wings).toEqual({ left: 1, right: 1 });
      end();
      await until(() => barrier.state.phase === 'locked');
    }
    expect(gate.health().state).toBe('stopped');
  });

  it.concurrent('a fire that began while the device was away is told when it is back', async (context) => {
    const stand = await online(context);
    const { gate, barrier, board } = stand;
    await board.line.unplug();
    await until(() => gate.sensors().fire === null);
    barrier.setFire(true);
    await board.line.replug();
    await has(stand, 'fire');
    expect(gate.sensors().fire).toBe(true);
    expect(gate.release('entry')).toBe(false);
  });

  it.concurrent('a release is over when the device is unplugged, and nothing is sent again', async (context) => {
    const stand = await online(context);
    const { gate, line, barrier, people } = stand;
    expect(gate.release('entry')).toBe(true);
    await until(() => barrier.state.phase === 'released');
    const gone = gate.changed.next((health) => health.state === 'absent');
    await line.unplug();
    await gone;
    await has(stand, 'fault');
    expect([gate.release('entry'), gate.sensors().blocked]).toEqual([false, null]);
    const back = gate.changed.next((health) => health.state === 'online');
    await line.replug();
    await back;
    await settled(stand);
    await pause(100);
    expect(stand.pulses()).toHaveLength(1);
    expect(told(stand.events).filter((text) => text.startsWith('notPassed'))).toEqual([]);
    // Whoever goes through now is not the one who was let in.
    await people.push('entry');
    await has(stand, 'passed entry');
    expect(gate.sensors().passages.entry).toBe(0);
    expect(gate.health().reconnects).toBe(1);
    await settled(stand);
    await until(() => gate.release('entry'));
    await until(() => stand.pulses().length === 2);
  });

  it.concurrent('finds out that the controller is dead, and moves nothing twice to do so', async (context) => {
    const stand = await online(context, { waitMs: shortWaitMs });
    const mute = stand.barrier.faults.add({ kind: 'mute' });
    expect(stand.gate.release('entry')).toBe(true);
    await has(stand, 'fault');
    await pause(100);
    expect(mute.fired).toBeGreaterThan(0);
    expect(stand.pulses()).toEqual([expect.objectContaining({ taken: false })]);
    expect(told(stand.events)).not.toContain('passed entry');
    stand.barrier.faults.remove(mute);
    await until(() => stand.gate.health().state === 'online' && stand.gate.release('entry'));
    await stand.people.walk('entry');
    await has(stand, 'passed entry');
  });

  it.concurrent('lives through noise on the line', async (context) => {
    const stand = await online(context);
    const noise = sees.detector
      ? stand.board.faults.add({ kind: 'noise', bytes: 16 }, 6)
      : stand.barrier.faults.add({ kind: 'noise', bytes: 16 }, 2);
    await until(() => stand.gate.health().state === 'online' && stand.gate.release('entry'));
    await stand.people.walk('entry');
    await has(stand, 'passed entry');
    expect(noise.fired).toBeGreaterThan(0);
  });

  it.concurrent('answers false before it was started and after it was stopped, and leaves no timer behind', async (context) => {
    const { gate, online: start, pulses, rig } = await make(rigOf(context));
    expect(gate.release('entry')).toBe(false);
    await start();
    gate.release('entry');
    await gate.stop();
    expect(gate.release('entry')).toBe(false);
    const ours = (name: string): boolean => name.includes('gate') || name.includes('board ');
    expect(rig.clock.pending().filter(ours)).toEqual([]);
    expect(gate.health().state).toBe('stopped');
    expect(pulses().filter((entry) => entry.toUs === null)).toEqual([]);
  });

  it.concurrent('refuses to work with a device of another kind at its path', async (context) => {
    const rig = rigOf(context);
    const other = await (make === relayStand ? digiconStand : relayStand)(rig);
    const { gate } = await make(rig, {
      relay: { board: sharedBoard(rig, other.line) },
      digicon: { line: { path: other.line.path, baudRate: 115_200 } },
    });
    const faulty = gate.changed.next((health) => health.state === 'faulty');
    gate.start();
    expect((await faulty).detail).toMatch(/^DEVICE_SILENT: .* at /);
    expect(gate.release('entry')).toBe(false);
    expect(other.pulses()).toEqual([]);
    expect(other.barrier.state.phase).toBe('locked');
  });
}

describe('relay gate', () => {
  async function online(context: TestContext, options: StandOptions = {}): Promise<Stand> {
    const stand = await relayStand(newRig(context, 'socket'), options);
    await stand.online();
    return stand;
  }
  const has = (stand: Stand, kind: GateEvent['kind']): Promise<void> =>
    until(() => stand.events.some((event) => event.kind === kind));

  it.concurrent('says blocked while somebody stands in the way, and takes no time for overdue meanwhile', async (context) => {
    const stand = await online(context, { waitMs: shortWaitMs });
    stand.gate.release('entry');
    const standing = stand.people.standStill('entry', 2 * (shortWaitMs + motionMs));
    await has(stand, 'blocked');
    expect(stand.gate.sensors().blocked).toBe(true);
    await standing;
    await until(() => stand.gate.sensors().blocked === false);
    const kinds = stand.events.map((event) => (event.kind === 'blocked' ? `blocked ${event.held}` : event.kind));
    expect(kinds).toEqual(['opened', 'blocked true', 'passed', 'blocked false']);
    expect(stand.gate.sensors().passages.entry).toBe(1);
    expect(stand.gate.health().state).toBe('online');
  });

  it.concurrent('caps its pulse', async (context) => {
    const stand = await online(context, { relay: { openPulseMs: 5_000 } });
    stand.gate.release('entry');
    await until(() => stand.pulses()[0]?.toUs != null);
    const [pulse] = stand.pulses();
    const lengthMs = ((pulse?.toUs ?? 0) - (pulse?.fromUs ?? 0)) / 1_000;
    expect(lengthMs).toBeGreaterThan(maxPulseMs - 100);
    expect(lengthMs).toBeLessThan(2_000);
  });

  it.concurrent('says fault when the barrier does not lock, and is faulty until it does', async (context) => {
    const stand = await online(context);
    const open = stand.barrier.faults.add({ kind: 'no-relock' });
    stand.gate.release('entry');
    await stand.people.walk('entry');
    await has(stand, 'fault');
    expect(stand.gate.health()).toMatchObject({ state: 'faulty', detail: expect.stringMatching(/did not lock/) });
    expect(stand.gate.release('entry')).toBe(false);
    expect(open.fired).toBeGreaterThan(0);
    stand.barrier.faults.remove(open);
    await until(() => stand.gate.health().state === 'online');
    expect(stand.events.map((event) => event.kind)).toEqual(['opened', 'passed', 'fault']);
  });

  it.concurrent('is faulty while the controller is not ready though nothing was released', async (context) => {
    const stand = await online(context, { waitMs: shortWaitMs });
    const dead = stand.barrier.faults.add({ kind: 'no-ready' });
    await has(stand, 'fault');
    expect(stand.gate.health()).toMatchObject({ state: 'faulty', detail: 'the controller is not ready' });
    expect(stand.gate.release('entry')).toBe(false);
    expect(dead.fired).toBeGreaterThan(0);
    stand.barrier.faults.remove(dead);
    await until(() => stand.gate.health().state === 'online');
  });

  it.concurrent('finds a welded relay by what does not open', async (context) => {
    const stand = await online(context, { waitMs: shortWaitMs });
    const weld = stand.barrier.faults.add({ kind: 'welded-relay', direction: 'entry' });
    stand.barrier.setFire(true);
    stand.barrier.setFire(false);
    await until(() => stand.barrier.state.phase === 'released');
    await until(() => stand.barrier.state.phase === 'locked');
    await until(() => stand.gate.release('entry'));
    await has(stand, 'fault');
    expect(weld.fired).toBe(1);
    // The controller answers edges, so a relay that never lets go opens once and no more.
    expect(stand.pulses()).toHaveLength(1);
  });

  it.concurrent('a stuck detector is blocked, not a fault', async (context) => {
    const stand = await online(context);
    const stuck = stand.barrier.faults.add({ kind: 'stuck-sensor', output: 'occupied', active: true });
    await has(stand, 'blocked');
    expect(stand.gate.sensors().blocked).toBe(true);
    expect(stuck.fired).toBeGreaterThan(0);
    stand.barrier.faults.remove(stuck);
    await until(() => stand.gate.sensors().blocked === false);
  });

  it.concurrent('counts a bouncing passage contact once', async (context) => {
    const stand = await online(context);
    stand.gate.release('entry');
    await until(() => stand.gate.sensors().open === true);
    const bounce = stand.barrier.faults.add({ kind: 'bounce', edges: 6 }, 2);
    await stand.people.walk('entry');
    await until(() => stand.gate.sensors().open === false);
    await pause(100);
    expect(stand.events.filter((event) => event.kind === 'passed')).toHaveLength(1);
    expect(bounce.fired).toBe(2);
  });

  it.concurrent('refuses to move in fire by the fire contact alone', async (context) => {
    const { unlock, passageEntry, passageExit, fire } = defaultRelayPins;
    const stand = await online(context, { relay: { pins: { unlock, passageEntry, passageExit, fire } } });
    stand.barrier.setFire(true);
    await has(stand, 'fire');
    expect(stand.gate.release('entry')).toBe(false);
    stand.barrier.setFire(false);
    await until(() => stand.gate.sensors().fire === false);
    expect(stand.gate.release('entry')).toBe(true);
  });

  it.concurrent('without feedback wires it knows less, and says so', async (context) => {
    const { unlock, passageEntry, passageExit } = defaultRelayPins;
    const stand = await online(context, {
      waitMs: shortWaitMs,
      relay: { pins: { unlock, passageEntry, passageExit } },
    });
    expect(stand.gate.confirmsOpening).toBe(false);
    expect(stand.gate.sensors()).toMatchObject({ open: null, blocked: null, fire: null });
    stand.gate.release('entry');
    await has(stand, 'notPassed');
    expect(stand.events.map((event) => event.kind)).toEqual(['notPassed']);
  });

  it.concurrent('two swapped boards are found out by their names, before a pin moves', async (context) => {
    const stand = await relayStand(newRig(context, 'socket'), {
      firmware: { given: 'gate-south.ino', expected: 'gate-north.ino' },
    });
    const faulty = stand.gate.changed.next((health) => health.state === 'faulty');
    stand.gate.start();
    expect((await faulty).detail).toMatch(/DEVICE_MISMATCH: .* "gate-south.ino", not "gate-north.ino"/);
    expect(stand.gate.release('entry')).toBe(false);
    const sent = new FirmataDecoder('host').push(Buffer.concat(stand.board.trace.map((entry) => entry.bytes)));
    expect(sent.filter((message) => message.kind === 'pinMode' || message.kind === 'digital')).toEqual([]);
  });

  it.concurrent('the right board is taken by its name', async (context) => {
    const stand = await online(context, { firmware: { given: 'gate-north.ino', expected: 'gate-north.ino' } });
    expect(stand.gate.release('entry')).toBe(true);
  });
});

describe('Digicon gate', () => {
  async function online(context: TestContext, options: StandOptions = {}): Promise<Stand> {
    const stand = await digiconStand(newRig(context, 'socket'), options);
    await stand.online();
    return stand;
  }
  const kinds = (stand: Stand): string[] => stand.events.map((event) => event.kind);

  it.concurrent('says fault when the controller refuses, and may release again', async (context) => {
    const stand = await online(context);
    const nack = stand.barrier.faults.add({ kind: 'nack' }, 1);
    expect(stand.gate.release('entry')).toBe(true);
    await until(() => kinds(stand).includes('fault'));
    expect(stand.events[0]).toMatchObject({ detail: expect.stringMatching(/NACK/) });
    expect(nack.fired).toBe(1);
    expect(stand.gate.release('entry')).toBe(true);
    await stand.people.walk('entry');
    await until(() => kinds(stand).includes('passed'));
  });

  it.concurrent('a lost acknowledgement is decided by the passage, and nothing is sent again', async (context) => {
    const stand = await online(context);
    const lost = stand.barrier.faults.add({ kind: 'lost-ack' }, 1);
    stand.gate.release('entry');
    expect(await stand.people.walk('entry')).toBe('passed');
    await until(() => kinds(stand).includes('passed'));
    await pause(motionMs + 100);
    expect(lost.fired).toBe(1);
    expect(kinds(stand)).toEqual(['passed']);
    expect(stand.pulses()).toHaveLength(1);
    expect(stand.gate.health()).toMatchObject({ state: 'online', reconnects: 0 });
  });

  it.concurrent('a lost acknowledgement is decided by the end of the wait, and then the controller is asked', async (context) => {
    const stand = await online(context, { waitMs: shortWaitMs });
    const lost = stand.barrier.faults.add({ kind: 'lost-ack' }, 1);
    const asking = stand.gate.changed.next((health) => health.state === 'faulty');
    stand.gate.release('entry');
    await asking;
    expect(kinds(stand)).toEqual(['notPassed']);
    await until(() => stand.gate.health().state === 'online');
    expect(lost.fired).toBe(1);
    expect(stand.pulses()).toHaveLength(1);
    expect(stand.gate.health().reconnects).toBe(0);
  });

  it.concurrent('takes no release while it asks, not even from whoever hears that nobody passed', async (context) => {
    const stand = await online(context, { waitMs: shortWaitMs });
    const lost = stand.barrier.faults.add({ kind: 'lost-ack' }, 1);
    const answers: boolean[] = [];
    stand.gate.events.on((event) => event.kind === 'notPassed' && answers.push(stand.gate.release('exit')));
    stand.gate.release('entry');
    await until(() => answers.length === 1);
    await until(() => stand.gate.health().state === 'online' && stand.gate.release('exit'));
    expect([answers, lost.fired]).toEqual([[false], 1]);
  });

  it.concurrent('takes no acknowledgement that nobody asked for', async (context) => {
    const stand = await online(context, { waitMs: shortWaitMs });
    stand.line.write(encode({ kind: 'ack' }));
    await pause(50);
    const lost = stand.barrier.faults.add({ kind: 'lost-ack' }, 1);
    const asking = stand.gate.changed.next((health) => health.state === 'faulty');
    stand.gate.release('entry');
    expect((await asking).detail).toMatch(/not acknowledged/);
    expect(lost.fired).toBe(1);
  });

  it.concurrent('never closes a barrier that is free in fire: it waits with its question', async (context) => {
    const stand = await digiconStand(newRig(context, 'socket'));
    stand.barrier.setFire(true);
    const heard: Uint8Array[] = [];
    stand.line.data.on((bytes) => heard.push(bytes));
    stand.gate.start();
    await until(() => stand.gate.sensors().fire === true);
    await pause(150);
    expect(heard).toEqual([]);
    expect(stand.gate.health()).toMatchObject({ state: 'opening', detail: 'waits for the fire contact' });
    stand.barrier.setFire(false);
    await until(() => stand.gate.health().state === 'online');
  });

  it.concurrent('is not used before its fire contact is known', async (context) => {
    const stand = await digiconStand(newRig(context, 'socket'));
    await stand.board.line.unplug();
    const heard: Uint8Array[] = [];
    stand.line.data.on((bytes) => heard.push(bytes));
    const waits = stand.gate.changed.next((health) => health.detail === 'waits for the fire contact');
    stand.gate.start();
    await waits;
    expect(stand.gate.release('entry')).toBe(false);
    await pause(50);
    expect(heard).toEqual([]);
    await stand.board.line.replug();
    await until(() => stand.gate.health().state === 'online');
    expect(stand.gate.release('entry')).toBe(true);
  });

  it.concurrent('cannot tell two swapped turnstiles apart: the lanes show it as not passed here and forced there', async (context) => {
    const north = await online(context);
    const south = await digiconStand(north.rig);
    // The cable of the north driver leads to the south turnstile.
    const swapped = await digiconStand(north.rig, {
      waitMs: shortWaitMs,
      digicon: { line: { path: south.line.path, baudRate: 115_200 } },
    });
    await swapped.online();
    swapped.gate.release('entry');
    await north.people.push('entry');
    await until(() => kinds(swapped).includes('notPassed') && kinds(north).includes('passed'));
    expect(swapped.gate.health().state).toBe('online');
    expect(north.gate.sensors().passages.entry).toBe(0);
    expect(south.pulses()).toHaveLength(1);
  });
});

const realGate = realDevicePath('gate');
const realBoard = { id: 'real', reportVersionTimeoutMs: 2_000 };
describe.skipIf(!realGate)('a real gate', () => {
  it('comes online, releases the entry once and says what came of it', async () => {
    const rig = new Rig('socket');
    const { clock, log } = rig;
    const path = realGate ?? '';
    const gate =
      process.env['STILE_TEST_GATE_KIND'] === 'digicon'
        ? new DigiconGate({
            id: 'real',
            line: { path, baudRate: 115_200 },
            entry: { release: 'rightToLeft', passage: 'A' },
            clock,
            log,
          })
        : new RelayGate({
            id: 'real',
            board: new SharedBoard({ ...realBoard, line: { path, baudRate: 57_600 }, clock, log }),
            pins: defaultRelayPins,
            clock,
            log,
          });
    const reached = gate.changed.next((health) => health.state === 'online');
    gate.start();
    await reached;
    const over = gate.events.next((event) => event.kind === 'passed' || event.kind === 'notPassed');
    expect(gate.release('entry')).toBe(true);
    expect((await over).kind).toMatch(/assed/);
    await gate.stop();
    await rig.end();
  });
});
