// Keys that must not be taken, and signatures that must not hold.
import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Bytes, fromHex, hex, utf8 } from '../../../runtime/core/bytes.ts';
import {
  algorithms,
  ed25519Key,
  isSm2Point,
  kidOf,
  p256Key,
  publicKey,
  rawPublicKey,
  signatureHolds,
} from '../../../runtime/tokens/keys.ts';
import { holder, holderP256, issuer, signed } from '../../fixtures/hand-made-codes.ts';

const message = utf8('message');

describe('Ed25519 points of small order', () => {
  // The 14 encodings that implementations decode to one of the eight points of small order: canonical and
  // not, with either sign. ("Taming the many EdDSAs", table of section 3.)
  const encodings = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000080',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ];

  it.each(encodings)('%s is no key', (encoding) => {
    expect(ed25519Key(fromHex(encoding))).toBeNull();
  });

  it('are 14 different ones, and an ordinary key is not among them', () => {
    expect(new Set(encodings).size).toBe(14);
    expect(ed25519Key(issuer.raw)).not.toBeNull();
  });
});

describe('a public key from its raw form', () => {
  const offTheCurve = joinedX('0000000000000000000000000000000000000000000000000000000000000001');

  it.each([
    ['Ed25519 of 31 bytes', algorithms.EdDSA, new Uint8Array(31).fill(9)],
    ['Ed25519 of 33 bytes', algorithms.EdDSA, new Uint8Array(33).fill(9)],
    ['P-256 without its sign', algorithms.ES256, holderP256.raw.subarray(1)],
    ['P-256 uncompressed', algorithms.ES256, fromHex(`04${'11'.repeat(64)}`)],
    ['P-256 with a wrong sign byte', algorithms.ES256, Uint8Array.of(4, ...holderP256.raw.subarray(1))],
    ['P-256 with an x off the curve', algorithms.ES256, offTheCurve],
    ['P-256 with an x above p', algorithms.ES256, fromHex(`02${'ff'.repeat(32)}`)],
    ['no bytes', algorithms.ES256, new Uint8Array(0)],
  ])('%s is none', (_name, alg, raw) => {
    expect(publicKey(alg, raw)).toBeNull();
  });

  it('comes back, and is named by the hash of its SubjectPublicKeyInfo', () => {
    const keys = [ed25519Key(issuer.raw), p256Key(holderP256.raw)];

    expect(keys.map((key) => key && hex(rawPublicKey(key)))).toEqual([hex(issuer.raw), hex(holderP256.raw)]);
    expect(keys.map((key) => key && hex(kidOf(key)))).toEqual([hex(issuer.kid), hex(holderP256.kid)]);
    expect([rawPublicKey(issuer.privateKey), kidOf(issuer.privateKey)]).toEqual([issuer.raw, issuer.kid]);
  });
});

describe('a point of SM2', () => {
  // GB/T 32918.5: the base point.
  const base = '32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7';

  it.each([
    ['the base point', `02${base}`, true],
    ['its negative', `03${base}`, true],
    ['a wrong first byte', `04${base}`, false],
    ['32 bytes', base, false],
    ['an x above p', `02${'ff'.repeat(32)}`, false],
  ])('%s: %s is %s', (_name, point, is) => {
    expect(isSm2Point(fromHex(point))).toBe(is);
  });
});

describe('a signature', () => {
  const ed25519 = ed25519Key(holder.raw);
  const p256 = p256Key(holderP256.raw);
  if (!ed25519 || !p256) throw new Error('the keys of the fixture are good');
  const good = { ed25519: signed(holder, message), p256: signed(holderP256, message) };
  const der = new Uint8Array(sign('sha256', message, holderP256.privateKey));
  const otherHash = new Uint8Array(sign('sha384', message, { key: holderP256.privateKey, dsaEncoding: 'ieee-p1363' }));

  it('holds under its key', () => {
    expect(signatureHolds(algorithms.EdDSA, ed25519, message, good.ed25519)).toBe(true);
    expect(signatureHolds(algorithms.ES256, p256, message, good.p256)).toBe(true);
  });

  it.each([
    ['in DER', algorithms.ES256, p256, der],
    ['with another hash', algorithms.ES256, p256, otherHash],
    ['of 63 bytes', algorithms.ES256, p256, good.p256.subarray(1)],
    ['of 65 bytes', algorithms.EdDSA, ed25519, Uint8Array.of(...good.ed25519, 0)],
    ['of no bytes', algorithms.EdDSA, ed25519, new Uint8Array(0)],
    ['of zeros', algorithms.ES256, p256, new Uint8Array(64)],
    ['under a key of the other kind', algorithms.ES256, ed25519, good.p256],
    ['under a key of the other kind', algorithms.EdDSA, p256, good.ed25519],
  ])('%s does not', (_name, alg, key, signature) => {
    expect(signatureHolds(alg, key, message, signature)).toBe(false);
  });
});

function joinedX(x: string): Bytes {
  return fromHex(`02${x}`);
}
