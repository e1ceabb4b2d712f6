// Two lanes of one site, as two real processes on the site's own broker: one ticket opens one of them. Without that
// broker both admit, and the head end finds what happened.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemEntropy } from '../../runtime/core/entropy.ts';
import { silentLogger } from '../../runtime/core/log.ts';
import { homeLaneOf } from '../../runtime/machines/gate-lane/home-lane.ts';
import { type EmbeddedBroker, openEmbeddedBroker } from '../../sync/headend/broker/embedded-broker.ts';
import { freePort } from '../fixtures/bus-rig.ts';
import { GateRig } from '../fixtures/gate-rig.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

let broker: EmbeddedBroker | null = null;
const lanes: GateRig[] = [];
afterEach(async () => {
  for (const lane of lanes.splice(0).reverse()) await lane.close();
  await broker?.close();
  broker = null;
});

const names = ['lane-1', 'lane-2'];
const gates = names.map((id) => ({ id, group: 0 }));

async function site(duplicates: 'lenient' | 'strict' = 'lenient'): Promise<readonly [GateRig, GateRig]> {
  const brokerPort = await freePort();
  broker = await openEmbeddedBroker({ operator: 'demo', port: brokerPort, log: silentLogger });
  const siteKey = systemEntropy.bytes(32);
  const second = { publicKey: systemEntropy.bytes(32), brokerPort, siteKey };
  const one = await GateRig.open({ neighbour: second, duplicates });
  lanes.push(one);
  const first = { publicKey: one.identity.journalKey.publicKey, brokerPort, siteKey };
  const other = await GateRig.open({ beside: one, neighbour: first, duplicates });
  lanes.push(other);
  // The rules that lane-1 publishes name both.
  second.publicKey = other.identity.journalKey.publicKey;
  await one.startServing();
  await other.startServing();
  for (const lane of lanes) await lane.until('the site network', () => lane.log().includes('site network reached'));
  return [one, other];
}

function ticketOf(lane: GateRig, home: string): string {
  for (;;) {
    const cti = systemEntropy.bytes(8);
    if (homeLaneOf('museum1', cti, gates) === home) return lane.ticket({ cti });
  }
}

const unclaimed = async (lane: GateRig) => (await lane.intents()).map(({ payload }) => payload.unclaimed === true);

async function brokerDies(): Promise<void> {
  await broker?.close();
  broker = null;
  for (const lane of lanes) await lane.until('the loss', () => lane.log().includes('site network lost'));
}

describe('one ticket at two lanes', () => {
  it.each(names)('at once, its home being %s: one opens, the other has it used', async (home) => {
    const [one, other] = await site();
    const ticket = ticketOf(one, home);
    const answers = await Promise.all([one.show(ticket), other.show(ticket)]);
    expect(answers.map(({ reason }) => reason).sort()).toEqual(['ALREADY_USED', 'OK']);
    const opened = answers[0]?.reason === 'OK' ? one : other;
    expect(await opened.people.walk('entry')).toBe('passed');
    expect(await opened.outcomesOnce(1)).toEqual(['passed']);
    expect(one.pulses.length + other.pulses.length).toBe(1);
    expect(await unclaimed(opened)).toEqual([false]);
  });

  it('used at one, shown at the other afterwards: the home knows it, though it never saw the visitor', async () => {
    const [one, other] = await site();
    const ticket = ticketOf(one, 'lane-1');
    expect(await other.show(ticket)).toMatchObject({ cue: 'accepted' });
    expect(await other.people.walk('entry')).toBe('passed');
    await one.until('the outcome at the home', async () =>
      (await one.rows()).some(({ payload }) => payload.act === 'settle' && payload.outcome === 'passed'),
    );
    expect(await one.show(ticket)).toMatchObject({ reason: 'ALREADY_USED' });
    expect(one.pulses).toHaveLength(0);
  });

  it('without the site broker: both admit, one says so, and the head end opens a double use', async () => {
    const [one, other] = await site();
    await brokerDies();
    const ticket = ticketOf(one, 'lane-1');
    for (const lane of [one, other]) {
      expect(await lane.show(ticket)).toMatchObject({ cue: 'accepted' });
      expect(await lane.people.walk('entry')).toBe('passed');
      expect(await lane.outcomesOnce(1)).toEqual(['passed']);
    }
    expect([await unclaimed(one), await unclaimed(other)]).toEqual([[false], [true]]);
    const doubles = async () =>
      ((await one.headEnd?.headEnd.incidents(100)) ?? []).filter(({ kind }) => kind === 'double_use');
    await one.until('the incident', async () => (await doubles()).length > 0);
    const [incident] = await doubles();
    expect(incident?.terminal).toBe('lane-2');
    expect(incident?.detail).toContain('lane-1');
  });

  it('without the site broker, where the site is strict: only its home admits it', async () => {
    const [one, other] = await site('strict');
    await brokerDies();
    const ticket = ticketOf(one, 'lane-1');
    expect(await other.show(ticket)).toMatchObject({ reason: 'WRONG_GATE' });
    expect(other.pulses).toHaveLength(0);
    expect(await one.show(ticket)).toMatchObject({ cue: 'accepted' });
  });
});
