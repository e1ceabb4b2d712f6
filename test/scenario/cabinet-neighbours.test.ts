// Two cabinets of one site, as two real processes on the site's own broker: one code is lent on once, wherever it is
// shown. Without that broker both lend, and the head end finds what happened.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hex } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import { systemEntropy } from '../../runtime/core/entropy.ts';
import { silentLogger } from '../../runtime/core/log.ts';
import { homeOf } from '../../runtime/machines/cabinet/home-machine.ts';
import { type EmbeddedBroker, openEmbeddedBroker } from '../../sync/headend/broker/embedded-broker.ts';
import { freePort } from '../fixtures/bus-rig.ts';
import { CabinetRig, site as siteNumber } from '../fixtures/cabinet-rig.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

let broker: EmbeddedBroker | null = null;
const halls: CabinetRig[] = [];
afterEach(async () => {
  for (const hall of halls.splice(0).reverse()) await hall.close();
  await broker?.close();
  broker = null;
});

const cabinets = ['hall-a', 'hall-b'];
const reached = 'site network reached';

async function site(lending: object = {}): Promise<readonly [CabinetRig, CabinetRig]> {
  const port = await freePort();
  const openBroker = () => openEmbeddedBroker({ operator: 'demo', port, log: silentLogger });
  broker = await openBroker();
  const key = hex(systemEntropy.bytes(32));
  const hallOf = async (place: string, more: object): Promise<CabinetRig> => {
    const keyFile = 'site.key';
    const network = { brokers: [`mqtt://127.0.0.1:${port}`], keyFile };
    // A loaded machine answers late, and that is not what is tried here.
    const ofSite = { place, cabinets, claimTimeoutMs: 2_000, network };
    const hall = await CabinetRig.open({ lending, site: ofSite, ...more });
    writeFileSync(join(hall.folder, keyFile), key, { mode: 0o600 });
    halls.push(hall);
    return hall;
  };
  const first = await hallOf('hall-a', {});
  const second = await hallOf('hall-b', { beside: first, name: 'cabinet-2', stock: ['H-1', 'H-2', 'H-3', 'H-4'] });
  await first.startHeadEnd();
  const peers = [first, second].map((hall, at) => ({
    lane: cabinets[at] ?? '',
    terminal: `cabinet-${at + 1}`,
    key: hall.identity.journalKey.publicKey,
  }));
  await first.headEnd?.headEnd.publisher.publishLarge('rules', encodeCbor({ version: 1, site: siteNumber, peers }));
  await second.startServing();
  await first.startTerminal();
  for (const hall of [first, second]) {
    for (const slot of [1, 2, 3, 4]) await hall.is(slot, 'AVAILABLE');
    await hall.until('the rules', async () => (await hall.rows()).some(({ payload }) => payload.act === 'rules'));
    await hall.until('the site network', () => hall.log().includes(reached));
  }
  return [first, second];
}

/** A loan code whose claims that cabinet keeps. */
function codeOf(hall: CabinetRig, home: string): string {
  for (;;) {
    const cti = systemEntropy.bytes(8);
    if (homeOf('museum1', cti, cabinets) === home) return hall.loanCode({ cti });
  }
}

const settled = async (hall: CabinetRig) =>
  (await hall.rows()).filter(({ payload }) => payload.act === 'settle').map(({ payload }) => payload.outcome);
const unclaimed = async (hall: CabinetRig) =>
  (await hall.rows()).some(({ payload }) => payload.act === 'order' && payload.unclaimed === true);

describe('one code at two cabinets', () => {
  it('shown away from its home: the home grants it, hears that it was used, and lends nothing on it', async () => {
    const [first, second] = await site();
    const code = codeOf(first, 'hall-a');
    expect(await second.show(code)).toMatchObject({ cue: 'accepted', reason: 'OK' });
    // Held there, while the visitor has not taken the guide.
    expect(await first.show(code)).toMatchObject({ reason: 'ALREADY_USED' });
    await second.takeOffered();
    await first.until('the outcome at the home', async () => (await settled(first)).length > 0);
    expect(await settled(first)).toEqual(['taken']);
    expect(await unclaimed(second)).toBe(false);
    await first.terminal.end('SIGKILL');
    await first.startTerminal();
    await pause(3_200);
    expect(await first.show(code)).toMatchObject({ reason: 'ALREADY_USED' });
    expect(first.cabinet.unlocks).toHaveLength(0);
  });

  it.each(cabinets)('shown at both at once, its home being %s: one opens, the other has it used', async (home) => {
    const [first, second] = await site();
    const code = codeOf(first, home);
    const answers = await Promise.all([first.show(code), second.show(code)]);
    expect(answers.map(({ reason }) => reason).sort()).toEqual(['ALREADY_USED', 'OK']);
    await (answers[0]?.reason === 'OK' ? first : second).takeOffered();
    expect(first.cabinet.unlocks.length + second.cabinet.unlocks.length).toBe(1);
    expect(await unclaimed(first)).toBe(false);
    expect(await unclaimed(second)).toBe(false);
  });

  it('without the site broker: both lend and say so, and the head end opens a double use', async () => {
    const [first, second] = await site();
    await broker?.close();
    broker = null;
    for (const hall of [first, second]) await hall.until('the loss', () => hall.log().includes('site network lost'));
    const code = codeOf(first, 'hall-a');
    for (const hall of [first, second]) {
      expect(await hall.show(code)).toMatchObject({ cue: 'accepted' });
      await hall.takeOffered();
    }
    expect([await unclaimed(first), await unclaimed(second)]).toEqual([false, true]);
    const doubles = async () =>
      ((await first.headEnd?.headEnd.incidents(100)) ?? []).filter(({ kind }) => kind === 'double_use');
    await first.until('the incident', async () => (await doubles()).length > 0);
    const [incident] = await doubles();
    expect(incident?.terminal).toBe('cabinet-2');
    expect(incident?.detail).toContain('cabinet-1');
  });

  it('without the site broker, where the site is strict: only the home lends, and nobody is sent away in vain', async () => {
    const [first, second] = await site({ duplicates: 'strict' });
    await broker?.close();
    broker = null;
    for (const hall of [first, second]) await hall.until('the loss', () => hall.log().includes('site network lost'));
    const code = codeOf(first, 'hall-a');
    expect(await second.show(code)).toMatchObject({ reason: 'WRONG_GATE' });
    expect(second.cabinet.unlocks).toHaveLength(0);
    expect(await first.show(code)).toMatchObject({ cue: 'accepted' });
    await first.takeOffered();
  });
});

const pause = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs));
