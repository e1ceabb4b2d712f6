// Transit codes of JT/T 1179: the layout byte by byte, each reason, and what the cache may and may not do.
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { fromHex, hex } from '../../../runtime/core/bytes.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { CredentialCache } from '../../../runtime/tokens/credential-cache.ts';
import { jtt1179 } from '../../../runtime/tokens/jtt1179/jtt1179.ts';
import { TransitScheme } from '../../../simulators/issuer/transit-scheme.ts';
import { at } from '../../fixtures/hand-made-codes.ts';
import { verdictOf as judge, moment, trustView } from '../../fixtures/token-world.ts';

const entropy = new SeededEntropy('jtt1179');
const scheme = new TransitScheme('a1b2c3d4', entropy);
const trust = trustView({ issuers: [scheme.trustRecord(unixSeconds(at))] });
const phone = scheme.phone(fromHex('00112233445566778899'));
const code = phone.show(at);
const changed = (bytes: Uint8Array, index: number, value?: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[index] = value ?? (copy[index] ?? 0) ^ 1;
  return copy;
};
const verdictOf = (raw: Uint8Array) => judge(raw, { now: moment(), trust, formats: [jtt1179] });
const reasonOf = (raw: Uint8Array): string => {
  const verdict = verdictOf(raw);
  return verdict.accepted ? 'OK' : verdict.reason;
};

describe('a transit code', () => {
  it('is 332 bytes and names account, cap, product and times', () => {
    expect(code.length).toBe(332);
    const verdict = verdictOf(code);
    expect(verdict.accepted && verdict.outcome).toMatchObject({
      format: 'jtt1179',
      kind: 'account',
      issuer: 'a1b2c3d4',
      exp: at + 86_400,
      freshUntil: at + 61,
      presentation: { iat: at, counter: null },
      limits: { fareCapMinor: 5_000, currency: 'CNY', product: 1 },
    });
    expect(verdict.accepted && hex(verdict.outcome.subject ?? new Uint8Array(0))).toBe('00112233445566778899');
  });

  it('carries a custom field of up to 32 bytes, which the signatures cover', () => {
    const custom = new Uint8Array(32).fill(7);
    const long = phone.show(at, { custom });
    expect(long.length).toBe(364);
    expect(reasonOf(long)).toBe('OK');
    expect(reasonOf(changed(long, 200))).toBe('BAD_SIGNATURE');
    expect(reasonOf(phone.show(at, { custom: new Uint8Array(33) }))).toBe('UNSUPPORTED_FORMAT');
  });

  it.each([
    { what: 'its validity is over', raw: () => phone.show(at - 62), reason: 'STALE_CODE' },
    { what: 'it comes from more than 10 s ahead', raw: () => phone.show(at + 11), reason: 'STALE_CODE' },
    { what: 'it is in local time, eight hours ahead', raw: () => phone.show(at + 8 * 3_600), reason: 'STALE_CODE' },
    {
      what: 'the authorisation has ended',
      raw: () => phone.show(at, { authorisationExpiry: at }),
      reason: 'CREDENTIAL_EXPIRED',
    },
    {
      what: 'the issuer is not listed',
      raw: () => new TransitScheme('00000000', entropy).phone().show(at),
      reason: 'UNKNOWN_ISSUER',
    },
    {
      what: 'the CA key is not listed',
      raw: () => new TransitScheme('a1b2c3d4', entropy, { caIndex: 9 }).phone().show(at),
      reason: 'UNKNOWN_KEY',
    },
    {
      what: 'the certificate is over',
      raw: () => new TransitScheme('a1b2c3d4', entropy, { expiryMonth: '0112' }).phone().show(at),
      reason: 'KEY_EXPIRED',
    },
    {
      what: 'another CA made the certificate',
      raw: () => new TransitScheme('a1b2c3d4', entropy).phone().show(at),
      reason: 'BAD_SIGNATURE',
    },
    { what: 'the fare cap was raised', raw: () => changed(code, 155), reason: 'BAD_SIGNATURE' },
    { what: 'the time was changed', raw: () => changed(code, 266), reason: 'BAD_SIGNATURE' },
    { what: 'the last signature was changed', raw: () => changed(code, 331), reason: 'BAD_SIGNATURE' },
    { what: 'the certificate tag is wrong', raw: () => changed(code, 3), reason: 'MALFORMED' },
    { what: 'the account is not decimal', raw: () => changed(code, 136, 0xfa), reason: 'MALFORMED' },
    { what: 'the custom length lies', raw: () => changed(code, 197), reason: 'MALFORMED' },
    { what: 'the length field lies', raw: () => changed(code, 2), reason: 'UNSUPPORTED_FORMAT' },
    { what: 'a byte is missing', raw: () => code.subarray(0, 331), reason: 'UNSUPPORTED_FORMAT' },
  ])('is $reason when $what', ({ raw, reason }) => {
    expect(reasonOf(raw())).toBe(reason);
  });

  it.each([
    ['of a synchronised clock', at, moment(60), 'OK'],
    [
      'a clock so doubtful that only the floor decides',
      at,
      moment(0, { state: 'HOLDOVER', uncertaintyMs: 90_000 }),
      'OK',
    ],
    ['an untrusted clock', at, moment(0, { state: 'UNTRUSTED', uncertaintyMs: 300_000 }), 'OK'],
    [
      'but not where it is stale by any clock',
      at - 152,
      moment(0, { state: 'HOLDOVER', uncertaintyMs: 90_000 }),
      'STALE_CODE',
    ],
    [
      'nor where it is older than the floor allows',
      at,
      moment(0, { state: 'UNTRUSTED', floorMs: moment(61).wallMs }),
      'CLOCK_UNTRUSTED',
    ],
    [
      'nor where its authorisation ended before the floor',
      at,
      moment(0, { state: 'UNTRUSTED', floorMs: moment(86_400).wallMs }),
      'CREDENTIAL_EXPIRED',
    ],
  ])('is judged by %s', (_what, madeAt, now, reason) => {
    const verdict = judge(phone.show(madeAt), { now, trust, formats: [jtt1179] });
    expect(verdict.accepted ? 'OK' : verdict.reason).toBe(reason);
  });

  it('is known again whatever its last signature: the digest covers fields 1 to 16', () => {
    const verdict = verdictOf(code);
    const other = verdictOf(changed(code, 331));
    expect(verdict.accepted && hex(verdict.outcome.digest)).toBe(!other.accepted && other.digest && hex(other.digest));
  });

  it('costs one signature once its certificate and authorisation are known, and a wrong one never becomes known', () => {
    const cache = new CredentialCache();
    const answer = (raw: Uint8Array): string => {
      const verdict = judge(raw, { now: moment(), trust, cache, formats: [jtt1179] });
      return verdict.accepted ? 'OK' : `${verdict.reason} ${verdict.detail}`;
    };
    const forged = changed(code, 110);
    expect(answer(forged)).toBe('BAD_SIGNATURE certificate');
    expect(answer(forged)).toBe('BAD_SIGNATURE certificate');
    expect(answer(code)).toBe('OK');
    expect(answer(phone.show(at + 1))).toBe('OK');
    expect(answer(changed(phone.show(at + 2), 331))).toBe('BAD_SIGNATURE holder');
    expect(answer(forged)).toBe('BAD_SIGNATURE certificate');
    expect(answer(changed(code, 155))).toBe('BAD_SIGNATURE issuer');
  });
});
