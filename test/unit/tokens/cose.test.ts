// The envelope: exactly one form of it is native, and what its signature covers is RFC 9052's.
import { describe, expect, it } from 'vitest';
import { fromHex, hex, utf8 } from '../../../runtime/core/bytes.ts';
import { documentProfile, tokenProfile } from '../../../runtime/core/cbor.ts';
import { examineCose1, noExternalData, readCose1, sealCose1, signedBytes } from '../../../runtime/tokens/cose.ts';
import { algorithms, p256Key, signatureHolds } from '../../../runtime/tokens/keys.ts';
import {
  array,
  bstr,
  cose,
  int,
  issuer,
  issuerP256,
  joined,
  map,
  payloadOf,
  protectedHeader,
  sigStructure,
  tstr,
} from '../../fixtures/hand-made-codes.ts';

const payload = payloadOf('bearer');
const header = protectedHeader(issuer);
const signature = new Uint8Array(64);

it('verifies the example of RFC 9052, appendix C.2.1', () => {
  const x = 'bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff';
  const key = p256Key(fromHex(`02${x}`)) ?? expect.unreachable();
  const published = fromHex(
    '8eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e' +
      '2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36',
  );
  const covered = (content: string) => signedBytes(fromHex('a10126'), noExternalData, utf8(content));

  const candidates = [key, p256Key(fromHex(`03${x}`)) ?? expect.unreachable()];
  const holds = (content: string) =>
    candidates.some((candidate) => signatureHolds(algorithms.ES256, candidate, covered(content), published));
  expect([holds('This is the content.'), holds('This is the content!')]).toEqual([true, false]);
});

describe('what a signature covers', () => {
  it('is the canonical array of four', () => {
    const external = utf8('stile/trust/1');

    expect(signedBytes(header, external, payload)).toEqual(sigStructure(header, external, payload));
  });

  it.each([
    ['an empty byte string', new Uint8Array(0)],
    ['an encoded empty map', fromHex('a0')],
  ])('of a header that is %s is the empty byte string', (_name, empty) => {
    expect(hex(signedBytes(empty, noExternalData, utf8('x')))).toBe('846a5369676e61747572653140404178');
  });

  it('of a header that is not empty is that header, whatever its length', () => {
    expect(hex(signedBytes(fromHex('a1'), noExternalData, utf8('x')))).toBe('846a5369676e61747572653141a1404178');
  });
});

describe('an envelope', () => {
  it.each([
    ['EdDSA', issuer, algorithms.EdDSA],
    ['ES256', issuerP256, algorithms.ES256],
  ])('of %s is read', (_name, signer, alg) => {
    const bytes = cose(payload, signer);

    expect(readCose1(bytes, tokenProfile)).toMatchObject({ alg, kid: signer.kid, payload });
    expect(bytes.length).toBe(80 + payload.length);
  });

  it('sealed by the runtime is the one made by hand', () => {
    expect(sealCose1({ ...issuer, alg: algorithms.EdDSA }, noExternalData, payload)).toEqual(cose(payload));
  });

  it.each([
    ['tagged 18', joined(fromHex('d2'), cose(payload))],
    ['tagged 61 and 18', joined(fromHex('d83dd2'), cose(payload))],
    ['not an array', bstr(payload)],
    ['an array of three', array(bstr(header), map(), bstr(payload))],
    ['an array of five', array(bstr(header), map(), bstr(payload), bstr(signature), int(0))],
    ['with something unprotected', cose(payload, issuer, { unprotected: map([4, bstr(issuer.kid)]) })],
    ['with an array for its unprotected map', cose(payload, issuer, { unprotected: array() })],
    ['with a text for its header', array(tstr('x'), map(), bstr(payload), bstr(signature))],
    ['with a payload that is no byte string', array(bstr(header), map(), int(1), bstr(signature))],
    ['with its payload detached', array(bstr(header), map(), fromHex('f6'), bstr(signature))],
    ['with a signature of 63 bytes', cose(payload, issuer, { signature: signature.subarray(1) })],
    ['with a signature of 65 bytes', cose(payload, issuer, { signature: joined(signature, signature.subarray(0, 1)) })],
    ['with a text for its signature', array(bstr(header), map(), bstr(payload), tstr('x'.repeat(64)))],
    ['with an empty header', cose(payload, issuer, { header: new Uint8Array(0) })],
    ['with an empty map for its header', cose(payload, issuer, { header: map() })],
    ['without its kid', cose(payload, issuer, { header: map([1, int(-8)]) })],
    ['without its algorithm', cose(payload, issuer, { header: map([4, bstr(issuer.kid)]) })],
    ['with a kid of 3 bytes', cose(payload, issuer, { header: fromHex('a20127044301020 3'.replace(' ', '')) })],
    ['with a kid of 8 bytes', cose(payload, issuer, { header: map([1, int(-8)], [4, bstr(payload.subarray(0, 8))]) })],
    [
      'with a third protected key',
      cose(payload, issuer, { header: map([1, int(-8)], [3, int(0)], [4, bstr(issuer.kid)]) }),
    ],
    [
      'with a critical header',
      cose(payload, issuer, { header: map([1, int(-8)], [2, array(int(4))], [4, bstr(issuer.kid)]) }),
    ],
    ['with its header keys reversed', cose(payload, issuer, { header: map([4, bstr(issuer.kid)], [1, int(-8)]) })],
    [
      'with a text for its algorithm',
      cose(payload, issuer, { header: map([1, tstr('EdDSA')], [4, bstr(issuer.kid)]) }),
    ],
    ['with a long head', joined(fromHex('9804'), cose(payload).subarray(1))],
    ['with trailing bytes', joined(cose(payload), fromHex('00'))],
    ['cut short', cose(payload).subarray(0, -1)],
  ])('%s is malformed', (_name, bytes) => {
    expect(examineCose1(bytes, documentProfile)).toBe('malformed');
    expect(readCose1(bytes, documentProfile)).toBeNull();
  });

  it.each([
    ['ES384', -35, 96],
    ['PS256', -37, 256],
    ['HMAC', 5, 32],
    ['a private number', -70_002, 64],
  ])('of %s is of an algorithm that is not known here', (_name, alg, length) => {
    const other = array(
      bstr(map([1, int(alg)], [4, bstr(issuer.kid)])),
      map(),
      bstr(payload),
      bstr(new Uint8Array(length)),
    );

    expect(examineCose1(other, documentProfile)).toBe('unknown algorithm');
  });

  it('of another algorithm that is damaged besides is malformed', () => {
    const both = cose(payload, issuer, {
      header: map([1, int(-35)], [4, bstr(issuer.kid)]),
      unprotected: map([1, int(0)]),
    });

    expect(examineCose1(both, documentProfile)).toBe('malformed');
  });
});
