// A person at the head end holds a site's gate lanes and lets them go on: `stile headend hold` beside a running
// `stile headend run`, a signed command over MQTT, the lane's row, and that row as the answer.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hex } from '../../runtime/core/bytes.ts';
import { silentLogger } from '../../runtime/core/log.ts';
import {
  giveOrder,
  openOrderSocket,
  orderSocketLimits,
  orderSocketOf,
} from '../../runtime/main/headend/order-socket.ts';
import { StreetProcess } from '../../runtime/main/street/child-process.ts';
import { headEndKeys } from '../../runtime/main/street/setting.ts';
import { GateRig, siteRules } from '../fixtures/gate-rig.ts';
import { jsonLines, stile } from '../fixtures/stile-command.ts';
import { tableBody } from './validator-bus.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serving(): Promise<{ lane: GateRig; config: string }> {
  const lane = await GateRig.open();
  ends.push(() => lane.close());
  const file = (name: string) => join(lane.folder, name);
  const written = (name: string, content: unknown, mode = 0o644) =>
    writeFileSync(file(name), JSON.stringify(content), { mode });
  const { gen, need, keys } = lane.keys.rootSet;
  writeFileSync(file('trust.cbor'), lane.keys.trustList([lane.issuer], 1, lane.now()));
  written('fares.json', tableBody());
  written('rules.json', siteRules);
  written('keys.json', headEndKeys(lane.keys), 0o600);
  written('headend.json', {
    operator: 'demo',
    dataFolder: 'headend',
    keysFile: 'keys.json',
    trustListFile: 'trust.cbor',
    faresFile: 'fares.json',
    rulesFile: 'rules.json',
    port: lane.brokerPort,
    roots: { gen, need, keys: keys.map(({ kid, publicKey }) => ({ kid: hex(kid), publicKey: hex(publicKey) })) },
    terminals: [{ id: 'lane-1', journalKey: hex(lane.identity.journalKey.publicKey) }],
    zones: [{ site: '9', zone: 'main', capacity: 100, lanes: ['lane-1'] }],
  });
  const headEnd = new StreetProcess({
    name: 'headend',
    args: ['headend', 'run', '--config', file('headend.json')],
    logFile: file('headend.log'),
  });
  ends.push(async () => void (await headEnd.end('SIGKILL')));
  await headEnd.start();
  await lane.startTerminal();
  await lane.until('the rules', async () => (await lane.rows()).some((row) => row.payload.act === 'rules'));
  return { lane, config: file('headend.json') };
}

describe('stile headend', () => {
  it('holds the lanes of a site and lets one go on, and says what each answered', async () => {
    const { lane, config } = await serving();
    const order = (...words: readonly string[]) => stile(['headend', ...words, '--config', config]);
    const held = await order('hold', '--site', '9', '--wait', '20');
    expect(jsonLines(held.out)).toMatchObject([{ terminal: 'lane-1', state: 'answered', answer: 'hold' }]);
    expect(held.code).toBe(0);
    const [row] = (await lane.rows()).filter(({ payload }) => payload.act === 'hold');
    expect(jsonLines(held.out)[0]?.['ref']).toBe(row?.ref);
    expect(row?.payload).toMatchObject({ trigger: 'command' });
    expect(await lane.show(lane.ticket())).toMatchObject({ reason: 'SITE_FULL' });
    const resumed = await order('resume', 'lane-1');
    expect(jsonLines(resumed.out)).toMatchObject([{ terminal: 'lane-1', state: 'answered', answer: 'resume' }]);
    expect(await lane.show(lane.ticket())).toMatchObject({ cue: 'accepted' });
    expect(await lane.people.walk('entry')).toBe('passed');
    expect(await order('hold', 'lane-7')).toMatchObject({ code: 1, err: expect.stringContaining('lane-7') });
    expect(await order('hold', '--site', '8')).toMatchObject({ code: 1, err: expect.stringContaining('site 8') });
    expect(await order('hold')).toMatchObject({ code: 1, err: expect.stringContaining('no gate lane') });
  });
});

describe('the socket for orders', () => {
  const opened = async (obey: (order: unknown) => Promise<unknown>): Promise<string> => {
    const folder = mkdtempSync(join(tmpdir(), 'stile-orders-'));
    const socket = await openOrderSocket(folder, obey, silentLogger);
    ends.push(
      () => rmSync(folder, { recursive: true, force: true }),
      () => socket.close(),
    );
    return folder;
  };

  it("is its user's alone, and a stale one is in nobody's way", async () => {
    const folder = await opened(async (order) => order);
    expect(statSync(orderSocketOf(folder)).mode & 0o777).toBe(0o600);
    expect(await giveOrder(folder, { kind: 'echo' })).toEqual({ ok: true, answer: { kind: 'echo' } });
    // What a killed head end leaves behind.
    const again = await openOrderSocket(folder, async () => 'again', silentLogger);
    ends.push(() => again.close());
    expect(await giveOrder(folder, {})).toEqual({ ok: true, answer: 'again' });
  });

  it('says what an order failed by, and ends a connection that sends no end of a line', async () => {
    const folder = await opened(async () => {
      throw new RangeError('no such lane');
    });
    expect(await giveOrder(folder, {})).toMatchObject({ ok: false, detail: 'no such lane' });
    const closed = await new Promise<boolean>((resolve) => {
      const socket = connect(orderSocketOf(folder), () => socket.write('x'.repeat(orderSocketLimits.bytes + 1)));
      socket.on('error', () => {});
      socket.once('close', () => resolve(true));
    });
    expect(closed).toBe(true);
  });

  it('is left out where the data folder is too deep for one', async () => {
    const folder = await opened(async (order) => order);
    const deep = join(folder, 'x'.repeat(60), 'y'.repeat(60));
    mkdirSync(deep, { recursive: true });
    const none = await openOrderSocket(deep, async () => 'heard', silentLogger);
    await none.close();
    expect(readdirSync(folder)).toEqual(['headend.sock', 'x'.repeat(60)]);
    expect(readdirSync(deep)).toEqual([]);
  });

  it('names the folder where nobody listens', async () => {
    await expect(giveOrder('/nonexistent', {})).rejects.toMatchObject({ code: 'LINK_LOST' });
  });
});
