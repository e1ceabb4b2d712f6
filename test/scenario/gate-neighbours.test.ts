// A lane whose site has another: one ticket, two doors, over the site's own broker. The lane is a real process; its
// neighbour speaks through the real talk between lanes and decides as the test says.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { operatorId, terminalId } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { SystemClock } from '../../runtime/core/clock.ts';
import { systemEntropy } from '../../runtime/core/entropy.ts';
import { silentLogger } from '../../runtime/core/log.ts';
import { homeLaneOf } from '../../runtime/machines/gate-lane/home-lane.ts';
import { createIdentity } from '../../runtime/provisioning/identity.ts';
import { OperatorKeys } from '../../simulators/issuer/root.ts';
import { type EmbeddedBroker, openEmbeddedBroker } from '../../sync/headend/broker/embedded-broker.ts';
import { type ClaimAnswer, Claims, type Settlement } from '../../sync/terminal/claims.ts';
import { MqttLink } from '../../sync/terminal/link/mqtt-link.ts';
import { freePort } from '../fixtures/bus-rig.ts';
import { GateRig } from '../fixtures/gate-rig.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const operator = operatorId('demo');
const gates = ['lane-1', 'lane-2'].map((id) => ({ id, group: 0 }));
/** The id of a ticket whose claims that lane keeps. */
function ctiOf(home: string): Bytes {
  for (;;) {
    const cti = systemEntropy.bytes(8);
    if (homeLaneOf('museum1', cti, gates) === home) return cti;
  }
}

async function site(duplicates: 'lenient' | 'strict' = 'lenient') {
  const clock = new SystemClock();
  const brokerPort = await freePort();
  const broker: EmbeddedBroker = await openEmbeddedBroker({
    operator,
    port: brokerPort,
    log: silentLogger,
  });
  cleanups.push(() => broker.close());
  const folder = mkdtempSync(join(tmpdir(), 'stile-neighbour-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const key = createIdentity(join(folder, 'identity.json'), {
    operator,
    terminal: terminalId('lane-2'),
    roots: OperatorKeys.create(operator).rootSet,
  }).journalKey;
  const siteKey = systemEntropy.bytes(32);
  const lane = await GateRig.open({ neighbour: { publicKey: key.publicKey, brokerPort, siteKey }, duplicates });
  cleanups.push(() => lane.close());
  const told: Settlement[] = [];
  const answers: ClaimAnswer[] = [];
  const neighbour = {
    decides: (): ClaimAnswer | null => ({ decision: 'granted', use: null }),
    told,
    answers,
    heard: false,
  };
  const claims = new Claims({
    operator,
    site: '9',
    terminal: 'lane-2',
    lane: 'lane-2',
    siteKey,
    link: new MqttLink({
      brokers: [`mqtt://127.0.0.1:${brokerPort}`],
      clientId: 'lane-2',
      clock,
      entropy: systemEntropy,
      log: silentLogger,
    }),
    keys: key,
    clock,
    entropy: systemEntropy,
    now: () => null,
    peers: () => [{ lane: 'lane-1', terminal: 'lane-1', key: lane.publicKey }],
    port: {
      onClaim: async () => neighbour.decides(),
      onSettled: async (_from, settlement) => void told.push(settlement),
    },
  });
  claims.events.on((event) => event.kind === 'answered' && answers.push(event.answer));
  claims.start();
  cleanups.push(() => claims.stop());
  await lane.startServing();
  await lane.until('the site network', () => lane.log().includes('site network reached'));
  return { lane, broker, neighbour, claims };
}

const accepted = { cue: 'accepted', reason: 'OK' };

describe('a ticket whose home is the other lane', () => {
  it('is admitted once that lane grants it, and the lane is told that it was used', async () => {
    const { lane, neighbour } = await site();
    const cti = ctiOf('lane-2');
    expect(await lane.show(lane.ticket({ cti }))).toMatchObject(accepted);
    expect((await lane.intents())[0]?.payload.unclaimed).toBeUndefined();
    expect(await lane.people.walk('entry')).toBe('passed');
    await lane.until('the outcome there', () => neighbour.told.length > 0);
    expect(neighbour.told[0]).toMatchObject({ outcome: 'used', more: false, subject: { cti } });
  });

  it('is refused where it was used there, and nothing moves', async () => {
    const { lane, neighbour } = await site();
    neighbour.decides = () => ({ decision: 'used', use: null });
    const answer = await lane.show(lane.ticket({ cti: ctiOf('lane-2') }));
    expect(answer).toMatchObject({ cue: 'refused', reason: 'ALREADY_USED' });
    expect(lane.pulses).toHaveLength(0);
  });

  it('is admitted and marked where that lane is silent, or refused with its name where the site is strict', async () => {
    const lenient = await site('lenient');
    lenient.neighbour.decides = () => null;
    expect(await lenient.lane.show(lenient.lane.ticket({ cti: ctiOf('lane-2') }))).toMatchObject(accepted);
    expect((await lenient.lane.intents())[0]?.payload.unclaimed).toBe(true);
    const strict = await site('strict');
    strict.neighbour.decides = () => null;
    const answer = await strict.lane.show(strict.lane.ticket({ cti: ctiOf('lane-2') }));
    expect(answer).toMatchObject({ reason: 'WRONG_GATE' });
    expect(strict.lane.pulses).toHaveLength(0);
  });
});

describe('a ticket whose home is this lane', () => {
  it('is granted to the other lane as a row, and refused here while it is held there', async () => {
    const { lane, neighbour, claims } = await site();
    const cti = ctiOf('lane-1');
    const subject = { claimId: systemEntropy.bytes(16), issuer: 'museum1', cti, uses: 1, validUntil: lane.now() + 600 };
    claims.claim('lane-1', subject);
    await lane.until('the answer', () => neighbour.answers.length > 0);
    expect(neighbour.answers[0]?.decision).toBe('granted');
    expect((await lane.rows()).some(({ payload }) => payload.act === 'claim')).toBe(true);
    expect(await lane.show(lane.ticket({ cti }))).toMatchObject({ reason: 'ALREADY_USED' });
    expect(lane.pulses).toHaveLength(0);
  });
});
