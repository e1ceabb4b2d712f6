// The gate lane through real processes: real serial stack, a barrier with people at the far end of its wires, real
// journal, real broker. The same stories behind dry contacts and behind a serial turnstile.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GateRig, type GateRigOptions, graceful, graceSeconds, group } from '../fixtures/gate-rig.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

let lane: GateRig;
afterEach(() => lane.close());

const serving = async (options: GateRigOptions = {}, fault: readonly string[] = []): Promise<void> => {
  lane = await GateRig.open(options);
  await lane.startServing(fault);
};

const accepted = { cue: 'accepted', reason: 'OK' };
const refused = (reason: string) => ({ cue: 'refused', reason });

for (const kind of ['relay', 'digicon'] as const) {
  describe(`a visitor at a ${kind} gate`, () => {
    it('shows a ticket in its slot: green, one pulse, and it is used once the visitor has walked through', async () => {
      await serving({ kind });
      const ticket = lane.ticket();
      expect(await lane.show(ticket)).toMatchObject(accepted);
      expect(await lane.people.walk('entry')).toBe('passed');
      expect(await lane.outcomesOnce(1)).toEqual(['passed']);
      const [outcome] = await lane.outcomes();
      expect(outcome?.payload).toMatchObject({ act: 'admit', direction: 'entry', occupancy: 1, trigger: 'sensor' });
      expect(outcome?.payload.events).toEqual([['admission', 'Ended', 1, 'done']]);
      await lane.locked();
      // Past the seconds in which the phone on the glass is the same presentation.
      await pause(3_200);
      expect(await lane.show(ticket)).toMatchObject(refused('ALREADY_USED'));
      expect(lane.greens).toBe(1);
      expect(await lane.noIntentMovedTwice()).toEqual({ intents: 1, pulses: 1 });
      await lane.everyRowArrivedOnce();
    });

    it('does not walk through: not passed, the ticket is free, and shown again it opens again', async () => {
      await serving({ kind });
      const ticket = lane.ticket();
      expect(await lane.show(ticket)).toMatchObject(accepted);
      expect(await lane.outcomesOnce(1)).toEqual(['not_passed']);
      await lane.locked();
      expect(await lane.show(ticket)).toMatchObject(accepted);
      expect(await lane.people.walk('entry')).toBe('passed');
      expect(await lane.outcomesOnce(2)).toEqual(['not_passed', 'passed']);
      expect(await lane.noIntentMovedTwice()).toEqual({ intents: 2, pulses: 2 });
    });

    it('comes with two others on a ticket for three: one scan, and an INTENT and a pulse for each', async () => {
      await serving({ kind });
      expect(await lane.show(lane.ticket({ product: group, admissions: 3 }))).toMatchObject(accepted);
      for (const person of [1, 2, 3]) {
        await lane.until(`pulse ${person}`, () => lane.pulses.length === person);
        expect(await lane.people.walk('entry')).toBe('passed');
        await lane.outcomesOnce(person);
      }
      expect(await lane.outcomesOnce(3)).toEqual(['passed', 'passed', 'passed']);
      expect((await lane.outcomes()).map(({ payload }) => payload.rest)).toEqual([2, 1, 0]);
      expect(await lane.noIntentMovedTwice()).toEqual({ intents: 3, pulses: 3 });
    });

    it('is overtaken by a fire: emergency, nothing is redeemed and everybody may leave', async () => {
      await serving({ kind });
      const ticket = lane.ticket();
      expect(await lane.show(ticket)).toMatchObject(accepted);
      lane.barrier.setFire(true);
      await lane.until('the fire row', async () => (await lane.incidents()).includes('fire'));
      const [outcome] = await lane.outcomes();
      expect(outcome?.payload).toMatchObject({ outcome: 'not_passed', trigger: 'fire' });
      expect(outcome?.payload.events?.at(-1)?.[3]).toBe('emergency');
      await lane.until('the alarm', () => lane.alarms.length > 0);
      expect(lane.alarms).toEqual(['fire']);
      expect(await lane.show(ticket)).toMatchObject({ cue: 'emergency' });
      expect(lane.barrier.state.phase).toBe('free');
      expect(await lane.people.walk('exit')).toBe('passed');
      expect(await lane.noIntentMovedTwice()).toEqual({ intents: 1, pulses: 1 });
    });
  });
}

describe('a ticket out of its time', () => {
  it('is refused before its slot, admitted in the grace that its product has, and refused after its end', async () => {
    await serving();
    expect(await lane.show(lane.ticket({}, 300, 3_600))).toMatchObject(refused('NOT_YET_VALID'));
    expect(await lane.show(lane.ticket({}, -3_600, -5))).toMatchObject(refused('EXPIRED'));
    expect(await lane.show(lane.ticket({ product: graceful }, graceSeconds + 60, 3_600))).toMatchObject(
      refused('NOT_YET_VALID'),
    );
    expect(lane.pulses).toHaveLength(0);
    expect(await lane.show(lane.ticket({ product: graceful }, graceSeconds - 60, 3_600))).toMatchObject(accepted);
    expect(await lane.people.walk('entry')).toBe('passed');
    expect(await lane.outcomesOnce(1)).toEqual(['passed']);
    // The head end judges the same ticket good, though it was shown before its slot.
    await lane.until('the verdict', async () => (await verdicts()).some((verdict) => verdict !== null));
    expect((await verdicts()).filter((verdict) => verdict !== null)).toEqual(['good']);
  });
});

describe('somebody without a ticket', () => {
  it('behind a visitor is a tailgate, alone and pushing is forced: counted, told, and nobody is trapped', async () => {
    await serving();
    expect(await lane.show(lane.ticket())).toMatchObject(accepted);
    expect(await lane.people.tailgate('entry')).toBe('passed');
    await lane.until('the tailgate', async () => (await lane.incidents()).includes('tailgate'));
    await lane.locked();
    await pause(3_200);
    expect(await lane.people.push('entry')).toBe('passed');
    await lane.until('the forced passage', async () => (await lane.incidents()).includes('forced'));
    expect(await lane.incidents()).toEqual(['tailgate', 'forced']);
    await lane.until('both alarms', () => lane.alarms.length === 2);
    expect(lane.alarms).toEqual(['tailgate', 'forced']);
    expect((await lane.rows()).filter(({ type }) => type === 'SECURITY').at(-1)?.payload.occupancy).toBe(3);
    expect(await lane.noIntentMovedTwice()).toEqual({ intents: 1, pulses: 1 });
  });
});

describe('a lane out of order', () => {
  it('whose barrier does not open voids the admission, calls staff, and serves again once its self test is good', async () => {
    await serving();
    const mute = lane.barrier.faults.add({ kind: 'mute' });
    const ticket = lane.ticket();
    expect(await lane.show(ticket)).toMatchObject(accepted);
    expect(await lane.outcomesOnce(1)).toEqual(['failed']);
    expect(mute.fired).toBeGreaterThan(0);
    expect((await lane.outcomes())[0]?.payload.events).toEqual([['admission', 'Ended', 1, 'voided']]);
    await lane.until('the alarm', () => lane.alarms.length > 0);
    expect(lane.alarms).toEqual(['fault']);
    expect(await lane.show(lane.ticket())).toMatchObject({ reason: 'DEVICE_FAULT' });
    lane.barrier.faults.remove(mute);
    await lane.until('the self test', async () =>
      (await lane.rows()).some(({ payload }) => payload.act === 'selfTest'),
    );
    expect(await lane.show(ticket)).toMatchObject(accepted);
    expect(await lane.people.walk('entry')).toBe('passed');
    expect(await lane.outcomesOnce(2)).toEqual(['failed', 'passed']);
    expect(await lane.noIntentMovedTwice()).toEqual({ intents: 2, pulses: 2 });
  });

  it('in a fire is still in it after a restart, tells when the contact is good again, and waits for staff', async () => {
    await serving();
    lane.barrier.setFire(true);
    await lane.until('the fire row', async () => (await lane.incidents()).includes('fire'));
    await lane.terminal.end('SIGKILL');
    lane.barrier.setFire(false);
    await lane.startTerminal();
    await lane.until('the end of the fire', async () =>
      (await lane.rows()).some(({ payload }) => payload.act === 'fireReset'),
    );
    expect(await lane.show(lane.ticket())).toMatchObject({ cue: 'emergency' });
    expect(await lane.intents()).toEqual([]);
    expect(lane.pulses).toHaveLength(0);
  });

  it('without its barrier admits nobody and writes no INTENT', async () => {
    await serving({ kind: 'digicon' });
    await lane.unplugGate();
    await lane.until('the loss', () => lane.log().includes('device-failed'));
    expect(await lane.show(lane.ticket())).toMatchObject({ reason: 'DEVICE_FAULT' });
    expect(await lane.intents()).toEqual([]);
  });
});

describe('a zone that holds two', () => {
  it('lets two in on a lease, tells the third that it is full, and the first again once somebody has left', async () => {
    await serving({ capacity: 2 });
    await lane.until('a lease', async () => (await lane.rows()).some(({ payload }) => payload.act === 'lease'));
    for (const person of [1, 2]) {
      expect(await lane.show(lane.ticket())).toMatchObject(accepted);
      expect(await lane.people.walk('entry')).toBe('passed');
      await lane.outcomesOnce(person);
      await lane.locked();
    }
    const third = lane.ticket();
    expect(await lane.show(third)).toMatchObject({ reason: 'SITE_FULL' });
    // Through the way out, without a code: counted, and the head end has a place to give again.
    expect(await lane.people.push('exit')).toBe('passed');
    await lane.until(
      'a lease with a place',
      async () => (await lane.rows()).findLast(({ payload }) => payload.act === 'lease')?.payload.leaseLeft === 1,
    );
    // A refused code is judged afresh once its answer has stood for a while.
    await pause(3_200);
    expect(await lane.show(third)).toMatchObject(accepted);
    expect(await lane.people.walk('entry')).toBe('passed');
    expect((await lane.outcomesOnce(4)).filter((outcome) => outcome === 'passed')).toHaveLength(4);
    expect(await lane.noIntentMovedTwice()).toEqual({ intents: 3, pulses: 3 });
  });
});

describe('the head end', () => {
  it('holds a lane and lets it go on by signed commands, and cannot open it', async () => {
    await serving();
    const commands = lane.headEnd?.headEnd.commands;
    if (!commands) throw new Error('no head end');
    const act = async (name: string) => (await lane.rows()).some(({ payload }) => payload.act === name);
    await commands.send('lane-1', { kind: 'hold', on: true, waitMinutes: 20 });
    await lane.until('the hold', () => act('hold'));
    expect(await lane.show(lane.ticket())).toMatchObject({ reason: 'SITE_FULL' });
    await commands.send('lane-1', { kind: 'open', direction: 'entry', reason: 'somebody asked' });
    await commands.send('lane-1', { kind: 'hold', on: false, waitMinutes: null });
    await lane.until('the end of the hold', () => act('resume'));
    expect(await lane.show(lane.ticket())).toMatchObject(accepted);
    expect(lane.pulses).toHaveLength(1);
  });
});

describe('somebody who leaves', () => {
  it('with any code at all goes out: expired, unknown, unreadable; each has an INTENT, a pulse and an OUTCOME', async () => {
    await serving({ reader: 'exit' });
    const codes = [lane.ticket({}, -7_200, -3_600), 'https://example.org/not-a-ticket', 'x'];
    for (const [index, code] of codes.entries()) {
      expect(await lane.show(code)).toMatchObject(accepted);
      expect(await lane.people.walk('exit')).toBe('passed');
      await lane.outcomesOnce(index + 1);
      await lane.locked();
    }
    expect((await lane.outcomes()).map(({ payload }) => payload.direction)).toEqual(['exit', 'exit', 'exit']);
    expect((await lane.intents()).map(({ payload }) => payload.reason)).toEqual([
      'EXPIRED',
      'UNSUPPORTED_FORMAT',
      'UNSUPPORTED_FORMAT',
    ]);
    expect(await lane.noIntentMovedTwice()).toEqual({ intents: 3, pulses: 3 });
  });
});

const pause = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs));

async function verdicts(): Promise<readonly (string | null)[]> {
  const rows = (await lane.headEnd?.headEnd.latest(100)) ?? [];
  return rows.filter(({ type }) => type === 'INTENT').map(({ verdict }) => verdict);
}
