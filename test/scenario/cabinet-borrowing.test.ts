// A visitor with a phone and no ticket, through real processes: the page of `stile headend run`, its deposit, its
// command over MQTT, the cabinet's latch, and the loan that the rows make of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hex } from '../../runtime/core/bytes.ts';
import { StreetProcess } from '../../runtime/main/street/child-process.ts';
import { headEndKeys } from '../../runtime/main/street/setting.ts';
import { itemNamed } from '../../simulators/cabinet/slot.ts';
import { openSqliteLoans } from '../../sync/headend/store/loan-database.ts';
import { freePort } from '../fixtures/bus-rig.ts';
import { CabinetRig, guides } from '../fixtures/cabinet-rig.ts';
import { tableBody } from './validator-bus.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

let hall: CabinetRig;
let headEnd: StreetProcess;
afterEach(async () => {
  await headEnd.end('SIGKILL');
  await hall.close();
});

const prices = { currency: 'CNY', periodMinutes: 30, periodMinor: 500, dailyMaxMinor: 4_000, lostMinor: 20_000 };

/** Starts both processes and waits until the cabinet shows a code. Resolves with the origin of the page. */
async function serving(loans: object): Promise<string> {
  const pagePort = await freePort();
  const origin = `http://127.0.0.1:${pagePort}`;
  hall = await CabinetRig.open({ lending: { page: `${origin}/borrow` } });
  const written = (name: string, content: unknown, mode = 0o644) =>
    writeFileSync(join(hall.folder, name), JSON.stringify(content), { mode });
  const { rootSet } = hall.keys;
  writeFileSync(join(hall.folder, 'trust.cbor'), hall.keys.trustList([hall.issuer, hall.shop], 1, hall.now()));
  written('fares.json', tableBody());
  written('keys.json', headEndKeys(hall.keys), 0o600);
  written('headend.json', {
    operator: 'demo',
    dataFolder: 'headend',
    keysFile: 'keys.json',
    trustListFile: 'trust.cbor',
    faresFile: 'fares.json',
    port: hall.brokerPort,
    roots: {
      gen: rootSet.gen,
      need: rootSet.need,
      keys: rootSet.keys.map(({ kid, publicKey }) => ({ kid: hex(kid), publicKey: hex(publicKey) })),
    },
    terminals: [{ id: 'cabinet-1', journalKey: hex(hall.identity.journalKey.publicKey) }],
    loans: { ...prices, page: { port: pagePort }, ...loans },
  });
  headEnd = new StreetProcess({
    name: 'headend',
    args: ['headend', 'run', '--config', join(hall.folder, 'headend.json')],
    logFile: join(hall.folder, 'headend.log'),
  });
  await headEnd.start();
  await hall.startTerminal();
  for (const slot of guides.keys()) await hall.is(slot + 1, 'AVAILABLE');
  await hall.until('a code', () => hall.notices.at(-1) === 'code');
  return origin;
}

/** What a browser does with the address on the screen: opens it and presses a language. Resolves with the last page. */
async function phone(origin: string, address: string): Promise<string> {
  const offer = await (await fetch(address)).text();
  const fields = [...offer.matchAll(/<input type="hidden" name="([a-z]+)" value="([^"]*)">/g)];
  const form = new URLSearchParams(fields.map(([, name = '', value = '']): [string, string] => [name, value]));
  form.set('lang', 'en');
  const pressed = await fetch(`${origin}/borrow`, { method: 'POST', body: form, headers: { origin } });
  return pressed.text();
}

async function inLoans<T>(read: (database: Awaited<ReturnType<typeof openSqliteLoans>>) => Promise<T>): Promise<T> {
  const database = await openSqliteLoans(join(hall.folder, 'headend', 'loans.db'));
  try {
    return await read(database);
  } finally {
    await database.close();
  }
}

const loans = () => inLoans((database) => database.loans.loans(['ON_LOAN', 'RETURNED'], 10));
const deposits = () => inLoans((database) => database.deposits.page('', 10));

const headEndLog = (): string => readFileSync(join(hall.folder, 'headend.log'), 'utf8');

describe('a visitor without a ticket', () => {
  it('scans, chooses a language, leaves a deposit and takes a guide; brought back, all but the fee is given back', async () => {
    const origin = await serving({ deposit: { provider: 'simulated', amountMinor: 20_000 } });
    const address = hall.codes.at(-1) ?? '';
    await phone(origin, address);
    const { item } = await hall.takeOffered();
    await hall.until('the loan', async () => (await loans()).length === 1);
    expect((await loans())[0]).toMatchObject({ state: 'ON_LOAN', chargeMinor: null, taken: { item } });
    expect((await deposits()).map(({ amountMinor, keepMinor }) => [amountMinor, keepMinor])).toEqual([[20_000, null]]);
    // A second phone with the same code is told so, and nothing moves.
    expect(await phone(origin, address)).toContain('Another phone was first');
    hall.press('return');
    hall.cabinet.putBack(await hall.prompted('returnHere'), itemNamed(item));
    await hall.until('the return', async () => (await loans())[0]?.state === 'RETURNED');
    expect((await loans())[0]?.chargeMinor).toBe(prices.periodMinor);
    await hall.until('the settlement', async () => {
      const steps = (await deposits())[0]?.steps ?? [];
      return steps.length === 3 && steps.every(({ state }) => state === 'done');
    });
    const steps = (await deposits())[0]?.steps.map(({ act, amountMinor }) => [act, amountMinor]);
    expect(steps).toEqual([
      ['hold', 20_000],
      ['capture', prices.periodMinor],
      ['release', 20_000 - prices.periodMinor],
    ]);
    // One to take it, one to bring it back.
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 2, unlocks: 2 });
    expect(headEndLog()).toContain('deposits are simulated');
  });

  it('pays no deposit where none is configured: the loan counts all the same', async () => {
    const origin = await serving({});
    await phone(origin, hall.codes.at(-1) ?? '');
    const { item } = await hall.takeOffered();
    await hall.until('the loan', async () => (await loans()).length === 1);
    expect((await loans())[0]).toMatchObject({ state: 'ON_LOAN', taken: { item } });
    expect(await deposits()).toEqual([]);
    expect(headEndLog()).not.toContain('simulated');
  });
});
