// A head end with a wrong file says which file, which key, and what may stand there.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hex } from '../../../runtime/core/bytes.ts';
import { decodeCbor, documentProfile } from '../../../runtime/core/cbor.ts';
import { StileError } from '../../../runtime/core/errors.ts';
import { readFares, readHeadEndConfig, readHeadEndKeys, readRules } from '../../../runtime/main/headend/config.ts';
import { readSitePeers } from '../../../sync/wire/site-peers.ts';
import { tableBody } from '../../scenario/validator-bus.ts';

const folder = mkdtempSync(join(tmpdir(), 'stile-headend-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fares: readonly (readonly [what: string, content: string, says: RegExp])[] = [
  ['no JSON', '{"version": 1,', /is not valid JSON|JSON/],
  ['no object', '[]', /./],
  ['a fraction of a minor unit', JSON.stringify({ ...tableBody(), maxFare: 2.5 }), /2\.5 is not a safe integer/],
  ['a currency that is none', JSON.stringify({ ...tableBody(), currency: 'Euro' }), /currency.*ISO 4217/],
  ['an unknown key', JSON.stringify({ ...tableBody(), discount: 1 }), /discount/],
  [
    'a price of a product that is not listed',
    JSON.stringify({ ...tableBody(), products: [] }),
    /product \d+ is not in products/,
  ],
];

describe('a fare table', () => {
  it.each(fares)('with %s is refused with the file and the reason', (_what, content, says) => {
    const file = written(content);
    const fault = faultOf(() => readFares(file));
    expect(fault.code).toBe('CONFIG_INVALID');
    expect(fault.message).toContain(file);
    expect(fault.message).toMatch(says);
  });

  it('that is right is taken, whatever the order of its keys', () => {
    const reversed = Object.fromEntries(Object.entries(tableBody()).reverse());
    expect(readFares(written(JSON.stringify(reversed)))).toEqual(readFares(written(JSON.stringify(tableBody()))));
  });
});

describe("a site's rules", () => {
  const key = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';
  const rules = { version: 1, site: 7, peers: [{ lane: 'east', terminal: 't-1', key }] };

  it('travel with the keys of their machines as bytes', () => {
    const body = decodeCbor(readRules(written(JSON.stringify(rules))), documentProfile);
    expect(readSitePeers(body)).toMatchObject({ ok: true, value: [{ lane: 'east', terminal: 't-1' }] });
  });

  it.each([
    ['no JSON', '{', /JSON/],
    ['no version', JSON.stringify({ site: 7 }), /version/],
    ['a key that is too short', JSON.stringify({ ...rules, peers: [{ ...rules.peers[0], key: 'ab' }] }), /hexadecimal/],
    ['one lane twice', JSON.stringify({ ...rules, peers: [rules.peers[0], rules.peers[0]] }), /twice/],
  ])('with %s are refused with the file and the reason', (_what, content, says) => {
    const file = written(content);
    const fault = faultOf(() => readRules(file));
    expect(fault.code).toBe('CONFIG_INVALID');
    expect(fault.message).toContain(file);
    expect(fault.message).toMatch(says);
  });
});

describe('the keys of a head end', () => {
  const privateKey = (kind: 'ed25519' | 'x25519'): string =>
    hex(new Uint8Array(newKey(kind).export({ type: 'pkcs8', format: 'der' })));
  const keys = {
    deny: privateKey('ed25519'),
    fares: privateKey('ed25519'),
    receipts: privateKey('ed25519'),
    sealing: privateKey('x25519'),
  };
  const readKeys = (content: object) => {
    const file = written(JSON.stringify(content));
    chmodSync(file, 0o600);
    return readHeadEndKeys(file);
  };

  it('of a file for buses sign neither rules nor commands', () => {
    expect(readKeys(keys).signers).toMatchObject({ config: null, commands: null });
  });

  it('may sign rules and commands', () => {
    const { signers } = readKeys({ ...keys, config: privateKey('ed25519'), commands: privateKey('ed25519') });
    expect(signers.config?.kid).toHaveLength(4);
    expect(signers.commands?.kid).not.toEqual(signers.config?.kid);
  });
});

describe('a head end configuration', () => {
  it.each([
    ['port', 70_000, 'a whole number from 0 to 65535'],
    ['roots.need', 5, 'a whole number from 1 to 4'],
    ['operator', 'a b', '1 to 32 of A-Z a-z 0-9 _ -'],
    ['zones.0.capacity', 0, 'a whole number from 1 to 1000000'],
    ['loans.periodMinutes', 0, 'a whole number from 1 to 1440'],
    ['loans.currency', 'yuan', 'ISO 4217'],
    ['loans.page.origin', 'http://guides.example', 'https://NAME, without a path'],
    ['loans.deposit.provider', 'bank', 'simulated'],
    ['loans.deposit.amountMinor', 1.5, 'a whole number from 1 to 100000000'],
    ['store.kind', 'oracle', 'sqlite, postgresql'],
    ['store.retentionDays', 7, 'a whole number from 30 to 3650'],
  ])('with a wrong %s names what is allowed', (key, value, allowed) => {
    const prices = { currency: 'CNY', periodMinutes: 30, periodMinor: 1, dailyMaxMinor: 2, lostMinor: 3 };
    const loans = (more: object) => ({ loans: { ...prices, ...more } });
    const deposit = { provider: 'simulated', amountMinor: 1 };
    const nested: Record<string, object> = {
      'loans.periodMinutes': loans({ periodMinutes: value }),
      'loans.currency': loans({ currency: value }),
      'loans.page.origin': loans({ page: { origin: value } }),
      'loans.deposit.provider': loans({ deposit: { ...deposit, provider: value } }),
      'loans.deposit.amountMinor': loans({ deposit: { ...deposit, amountMinor: value } }),
      'store.kind': { store: { kind: value } },
      'store.retentionDays': { store: { kind: 'sqlite', retentionDays: value } },
      'roots.need': { roots: { ...config.roots, need: value } },
      'zones.0.capacity': { zones: [{ site: '7', zone: 'hall', capacity: value, lanes: ['east'] }] },
    };
    const wrong = { ...config, ...(nested[key] ?? { [key]: value }) };
    const fault = faultOf(() => readHeadEndConfig(written(JSON.stringify(wrong))));
    expect(fault.message).toContain(`: ${key} is ${JSON.stringify(value)}`);
    expect(fault.message).toContain(allowed);
    expect(fault.message.split('\n')).toHaveLength(1);
  });
});

describe('the store of a head end', () => {
  const storeOf = (store?: object) =>
    readHeadEndConfig(written(JSON.stringify({ ...config, ...(store && { store }) }))).store;

  it('is a file where nothing is said', () => {
    expect(storeOf()).toEqual({ kind: 'sqlite', retentionDays: null });
  });

  it('is a PostgreSQL server on this machine, or one whose certificate is checked', () => {
    expect(storeOf({ kind: 'postgresql' })).toMatchObject({ host: '/var/run/postgresql', port: 5_432, caFile: null });
    expect(storeOf({ kind: 'postgresql', host: '127.0.0.1' })).toMatchObject({ host: '127.0.0.1' });
    const far = { kind: 'postgresql', host: 'db.example' };
    expect(storeOf({ ...far, caFile: 'ca.pem', passwordFile: '/secret' })).toMatchObject({
      caFile: join(folder, 'ca.pem'),
      passwordFile: '/secret',
    });
    expect(faultOf(() => storeOf(far)).message).toMatch(/store\.caFile is missing; must name the authority/);
  });
});

describe('the broker of a head end', () => {
  const brokerOf = (broker?: object) =>
    readHeadEndConfig(written(JSON.stringify({ ...config, ...(broker && { broker }) }))).broker;
  const tls = { caFile: 'ca.pem', certificateFile: 'tls.pem', keyFile: '/tls.key' };

  it('is its own where nothing is said, or one elsewhere over mTLS', () => {
    expect(brokerOf()).toEqual({ kind: 'embedded' });
    expect(brokerOf({ kind: 'mqtt', url: 'mqtts://b.example:8883', tls })).toEqual({
      kind: 'mqtt',
      url: 'mqtts://b.example:8883',
      tls: { caFile: join(folder, 'ca.pem'), certificateFile: join(folder, 'tls.pem'), keyFile: '/tls.key' },
    });
    expect(brokerOf({ kind: 'mqtt', url: 'mqtt://127.0.0.1:1883' })).toMatchObject({ tls: null });
  });

  it.each([
    [{ kind: 'amqp' }, /broker\.kind is "amqp"; allowed: embedded, mqtt/],
    [{ kind: 'mqtt', url: 'mqtt://b.example:1883' }, /must be mqtts:\/\/, or a loopback address/],
    [{ kind: 'mqtt', url: 'mqtts://b.example:8883' }, /broker\.tls is missing; must name caFile/],
  ])('refuses %o', (broker, says) => {
    expect(faultOf(() => brokerOf(broker)).message).toMatch(says);
  });
});

const config = {
  operator: 'demo',
  dataFolder: 'data',
  keysFile: 'keys.json',
  trustListFile: 'trust.cbor',
  faresFile: 'fares.json',
  roots: { gen: 1, need: 1, keys: [1, 2].map((n) => ({ kid: `0000000${n}`, publicKey: `${n}`.repeat(64) })) },
  terminals: [],
  port: 0,
};

function written(content: string): string {
  const file = join(folder, 'file.json');
  writeFileSync(file, content);
  return file;
}

const newKey = (kind: 'ed25519' | 'x25519'): KeyObject =>
  kind === 'ed25519' ? generateKeyPairSync('ed25519').privateKey : generateKeyPairSync('x25519').privateKey;

function faultOf(read: () => unknown): StileError {
  try {
    read();
  } catch (error) {
    if (error instanceof StileError) return error;
    throw error;
  }
  throw new Error('the file was taken');
}
