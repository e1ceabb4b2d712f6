// A head end with a wrong file says which file, which key, and what may stand there.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { StileError } from '../../../runtime/core/errors.ts';
import { readFares, readHeadEndConfig } from '../../../runtime/main/headend/config.ts';
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

describe('a head end configuration', () => {
  it.each([
    ['port', 70_000, 'a whole number from 0 to 65535'],
    ['roots.need', 5, 'a whole number from 1 to 4'],
    ['operator', 'a b', '1 to 32 of A-Z a-z 0-9 _ -'],
  ])('with a wrong %s names what is allowed', (key, value, allowed) => {
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
    const wrong =
      key === 'roots.need' ? { ...config, roots: { ...config.roots, need: value } } : { ...config, [key]: value };
    const fault = faultOf(() => readHeadEndConfig(written(JSON.stringify(wrong))));
    expect(fault.message).toContain(`: ${key} is ${JSON.stringify(value)}`);
    expect(fault.message).toContain(allowed);
    expect(fault.message.split('\n')).toHaveLength(1);
  });
});

function written(content: string): string {
  const file = join(folder, 'file.json');
  writeFileSync(file, content);
  return file;
}

function faultOf(read: () => unknown): StileError {
  try {
    read();
  } catch (error) {
    if (error instanceof StileError) return error;
    throw error;
  }
  throw new Error('the file was taken');
}
