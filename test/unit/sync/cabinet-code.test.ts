// The code on a cabinet's screen: what one end writes the other reads, a changed character is no code of that
// machine, and whatever a phone sends is an answer, never an exception.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { ed25519Key } from '../../../runtime/tokens/keys.ts';
import {
  type CabinetCode,
  cabinetCodeAddress,
  cabinetCodeAuthentic,
  cabinetCodeLimits,
  parseCabinetCode,
} from '../../../sync/wire/cabinet-code.ts';
import { JournalKeyPair, operator } from '../../fixtures/sync-world.ts';

const seed = 20_261_124;
const keys = new JournalKeyPair();
const key = ed25519Key(keys.publicKey);
if (key === null) throw new Error('no key');
const code: CabinetCode = {
  terminal: 'cabinet-1',
  nonce: new SeededEntropy('nonce').bytes(16),
  expires: unixSeconds(1_767_776_460),
  untimed: false,
};
const base = 'https://guides.example/borrow';
const address = (of: CabinetCode = code): URL =>
  new URL(cabinetCodeAddress(base, operator, of, (message) => keys.sign(message)));
const parametersOf = (url: URL): Record<string, string> => Object.fromEntries(url.searchParams);

describe('the address', () => {
  test.each([
    { title: 'with a clock', of: code },
    { title: 'without one', of: { ...code, untimed: true } },
  ])('says all of it, $title', ({ of }) => {
    const parsed = parseCabinetCode(parametersOf(address(of)));
    expect(parsed).toMatchObject({ ok: true, value: of });
    expect(parsed.ok && cabinetCodeAuthentic(operator, parsed.value, key)).toBe(true);
  });

  test('fits a picture that a phone reads from a step away', () => {
    // QR version 11 at level L holds 321 bytes in 61 modules.
    expect(address({ ...code, terminal: 'c'.repeat(32), untimed: true }).href.length).toBeLessThanOrEqual(321);
  });

  test.each([
    '',
    'guides.example',
    'ftp://guides.example/',
    'https://guides.example/?a=1',
    `https://${'a'.repeat(128)}`,
  ])('is not built on %j', (wrong) => {
    expect(() => cabinetCodeAddress(wrong, operator, code, (message) => keys.sign(message))).toThrow(RangeError);
  });

  test('needs a nonce of its length', () => {
    const short = { ...code, nonce: new Uint8Array(cabinetCodeLimits.nonceBytes - 1) };
    expect(() => address(short)).toThrow(RangeError);
  });
});

describe('a code', () => {
  const signed = parametersOf(address());
  const authentic = (parameters: unknown, of = operator): boolean => {
    const parsed = parseCabinetCode(parameters);
    return parsed.ok && cabinetCodeAuthentic(of, parsed.value, key);
  };

  test.each([
    { title: 'another machine', change: { t: 'cabinet-2' } },
    { title: 'another nonce', change: { n: 'AAAAAAAAAAAAAAAAAAAAAA' } },
    { title: 'a later end', change: { e: '1767776520' } },
    { title: 'no end', change: { u: '1' } },
    { title: 'another signature', change: { s: `${'A'.repeat(86)}` } },
  ])('for $title is not this machine’s', ({ change }) => {
    expect(authentic(signed)).toBe(true);
    expect(authentic({ ...signed, ...change })).toBe(false);
  });

  test('of another operator is not ours', () => {
    expect(authentic(signed, 'tram')).toBe(false);
  });

  test.each([
    null,
    [],
    'x',
    {},
    { ...signed, t: undefined },
    { ...signed, t: ['cabinet-1', 'cabinet-1'] },
    { ...signed, t: 'a/b' },
    { ...signed, n: `${signed['n']}A` },
    { ...signed, e: '01' },
    { ...signed, e: '-1' },
    { ...signed, e: '1e9' },
    { ...signed, e: '4294967296' },
    { ...signed, u: '0' },
    { ...signed, s: signed['s']?.replace(/.$/, 'B') },
    { ...signed, s: `${signed['s']}=` },
  ])('%j is refused', (parameters) => {
    expect(parseCabinetCode(parameters).ok).toBe(false);
  });

  test(`of any text never throws and is never authentic (seed ${seed})`, () => {
    const parameter = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.array(fc.string()));
    const query = fc.record(
      { t: parameter, n: parameter, e: parameter, u: parameter, s: parameter },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(query, (any) => !authentic(any)),
      { seed, numRuns: 500 },
    );
  });
});
