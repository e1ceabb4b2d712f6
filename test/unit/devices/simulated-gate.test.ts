// The simulated barrier on a virtual clock, with the times of real controllers: it locks by itself, never on a person,
// and is free in fire and without power, though nobody commands it.
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { Barrier } from '../../../simulators/gate/barrier.ts';
import { People } from '../../../simulators/gate/people.ts';
import { maxWaitingPulses, PulseOutput } from '../../../simulators/gate/pulse-output.ts';
import { maxPulseEntries, PulseRecord } from '../../../simulators/gate/pulse-record.ts';

let clock: VirtualClock;
let barrier: Barrier;
let people: People;
let seen: string[];
let startMs: number;

beforeEach(() => {
  clock = new VirtualClock();
  startMs = clock.monoMs();
  barrier = new Barrier({ clock });
  people = new People({ barrier, clock });
  seen = [];
  barrier.outputChanged.on(({ output, active }) => {
    seen.push(`${clock.monoMs() - startMs} ${output} ${active ? 'on' : 'off'}`);
  });
});

describe('a barrier', () => {
  it('opens in 0.4 s, waits 5 s from the release and locks', async () => {
    expect(barrier.release('entry')).toBe(true);
    await clock.advance(200);
    expect(barrier.state.wings).toEqual({ left: 0.5, right: 0.5 });
    await clock.advance(10_000);
    expect(seen).toEqual(['0 ready off', '400 opened on', '5000 opened off', '5400 ready on']);
    expect(barrier.state).toMatchObject({ phase: 'locked', released: null, wings: { left: 0, right: 0 } });
  });

  it('locks after the passage, whatever is left of the wait', async () => {
    barrier.release('entry');
    const walk = people.walk('entry');
    await clock.advance(400);
    await clock.advance(900);
    expect(people.present).toEqual([{ id: 1, direction: 'entry', position: expect.closeTo(0.75, 1) }]);
    await clock.advance(3_000);
    expect(await walk).toBe('passed');
    expect(seen).toEqual([
      '0 ready off',
      '400 opened on',
      '400 occupied on',
      '1000 passageEntry on',
      '1300 passageEntry off',
      '1600 opened off',
      '1600 occupied off',
      '2000 ready on',
    ]);
  });

  it('lets the other direction wait', async () => {
    barrier.release('entry');
    const walk = people.walk('exit');
    await clock.advance(15_000);
    expect(await walk).toBe('gaveUp');
    expect(seen.filter((line) => line.includes('passage'))).toEqual([]);
  });

  it('never closes on a person, and opens again for one who steps into its motion', async () => {
    barrier.release('entry');
    const stand = people.standStill('entry', 30_000);
    await clock.advance(20_000);
    expect(barrier.state.wings.left).toBe(1);
    await clock.advance(15_000);
    expect(await stand).toBe('passed');
    expect(barrier.state.phase).toBe('locked');

    barrier.release('entry');
    await clock.advance(5_200);
    expect(barrier.state.wings.left).toBeCloseTo(0.5);
    void people.push('entry');
    await clock.advance(300);
    expect(barrier.state.wings.left).toBe(1);
  });

  it.each([
    ['fire', () => barrier.setFire(true), () => barrier.setFire(false)],
    ['a loss of power', () => barrier.setPower(false), () => barrier.setPower(true)],
    ['the free mode', () => barrier.setAlwaysFree(true), () => barrier.setAlwaysFree(false)],
  ])('is open to everybody within 2 s of %s, and locks when it is over', async (_, begin, end) => {
    begin();
    await clock.advance(2_000);
    expect(barrier.state).toMatchObject({ phase: 'free', wings: { left: 1, right: 1 } });
    expect([barrier.lets('entry'), barrier.lets('exit')]).toEqual([true, true]);
    await clock.advance(60_000);
    expect(barrier.state.phase).toBe('free');
    end();
    await clock.advance(400);
    expect(barrier.state.phase).toBe('locked');
  });

  it('is free in fire though its controller is dead and does not lock', async () => {
    const [mute, open] = [barrier.faults.add({ kind: 'mute' }), barrier.faults.add({ kind: 'no-relock' })];
    expect(barrier.release('entry')).toBe(false);
    barrier.setFire(true);
    await clock.advance(2_000);
    expect(barrier.lets('exit')).toBe(true);
    barrier.setFire(false);
    await clock.advance(2_000);
    expect(barrier.state.phase).toBe('relocking');
    expect([mute.fired, open.fired]).toEqual([1, 1]);
    barrier.faults.clear();
    await clock.advance(400);
    expect(barrier.state.phase).toBe('locked');
  });

  it('shows nothing on its contacts without power', async () => {
    barrier.setPower(false);
    void people.push('entry');
    await clock.advance(5_000);
    expect(Object.values(barrier.state.outputs)).toEqual([false, false, false, false, false]);
  });
});

describe('people', () => {
  it('who follow too close are one pulse each', async () => {
    barrier.release('entry');
    const group = people.tailgate('entry', 2);
    await clock.advance(10_000);
    await group;
    expect(seen.filter((line) => line.endsWith('passageEntry on'))).toHaveLength(3);
    expect(seen.filter((line) => line.endsWith('ready on'))).toHaveLength(1);
  });

  it('who turn back are seen at the other side', async () => {
    barrier.release('entry');
    const visitor = people.turnBack('entry');
    await clock.advance(10_000);
    expect(await visitor).toBe('turnedBack');
    expect(seen.filter((line) => line.includes('passage'))).toEqual(['1600 passageExit on', '1900 passageExit off']);
  });

  it('who push leave a passage that nobody released', async () => {
    void people.push('exit');
    await clock.advance(5_000);
    expect(seen.filter((line) => line.includes('passage'))).toEqual(['600 passageExit on', '900 passageExit off']);
    expect(barrier.state.phase).toBe('locked');
  });

  it('are gone when the world ends, with their timers', async () => {
    barrier.release('entry');
    void people.walk('entry');
    await clock.advance(600);
    people.close();
    barrier.close();
    await clock.advance(0);
    expect([people.present, clock.pending()]).toEqual([[], []]);
  });
});

it('a sensor that sticks shows one thing', () => {
  const stuck = barrier.faults.add({ kind: 'stuck-sensor', output: 'occupied', active: true });
  expect(barrier.state.outputs.occupied).toBe(true);
  expect(stuck.fired).toBeGreaterThan(0);
  barrier.faults.remove(stuck);
  expect(barrier.state.outputs.occupied).toBe(false);
});

it('a passage output loses what does not fit its queue', async () => {
  let pulses = 0;
  const output = new PulseOutput({ clock, lengthMs: 300, changed: () => (pulses += Number(output.active)) });
  for (let person = 0; person < 20; person++) output.pulse();
  await clock.advance(60_000);
  expect(pulses).toBe(1 + maxWaitingPulses);
});

it('the record of pulses keeps the newest', () => {
  const record = new PulseRecord();
  for (let at = 0; at <= maxPulseEntries; at++) record.add({ direction: 'entry', fromUs: at, toUs: at, taken: true });
  expect(record.entries).toHaveLength(maxPulseEntries);
  expect(record.entries[0]?.fromUs).toBe(1);
});
