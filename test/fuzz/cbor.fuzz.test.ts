// The pre-scan and the decoder behind it, under any bytes: a value, or CBOR_MALFORMED, and nothing else.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeCbor,
  documentProfile,
  encodeCbor,
  messageProfile,
  recordProfile,
  tokenProfile,
} from '../../runtime/core/cbor.ts';
import { scanCbor } from '../../runtime/core/cbor-scan.ts';
import { array, bool, bstr, credential, int, map, payloadOf, presentation, tstr } from '../fixtures/hand-made-codes.ts';
import { mutationsOf } from './mutations.ts';

const seed = 2;
const valid = [
  payloadOf('account'),
  payloadOf('loan'),
  credential(),
  presentation(),
  array(tstr('metro1'), int(2 ** 40), bool(true), map([1, bstr(new Uint8Array(30))])),
  encodeCbor({ k: 'trust', body: { gen: 1, issuers: [{ iss: 'metro1', lim: null }] } }),
];
/** Heads that promise much: lengths and depths far beyond the input. */
const hungry = fc
  .tuple(
    fc.array(fc.constantFrom(0x81, 0xa1, 0x9a, 0xba, 0x5a, 0x7a, 0xbb, 0x9f, 0xd9, 0xfb), { maxLength: 400 }),
    fc.uint8Array({ maxLength: 9 }),
  )
  .map(([heads, rest]) => Uint8Array.from([...heads, ...rest]));

describe.each([tokenProfile, documentProfile, messageProfile, recordProfile])('profile $name', (profile) => {
  it.each([
    ['any bytes', fc.uint8Array({ maxLength: 65_536, size: 'max' }), 20],
    ['few bytes', fc.uint8Array({ maxLength: 12 }), 2_500],
    ['changed values', mutationsOf(valid, (value) => value).map(({ bytes }) => bytes), 2_500],
    ['hungry heads', hungry, 2_000],
  ] as const)(`%s, seed ${seed}`, (_name, inputs, numRuns) => {
    fc.assert(
      fc.property(inputs, (bytes) => {
        const before = Uint8Array.from(bytes);
        const scanned = scanCbor(bytes, profile);
        let decoded: Uint8Array | null = null;
        try {
          decoded = encodeCbor(decodeCbor(bytes, profile));
        } catch (error) {
          expect(error).toMatchObject({ name: 'StileError', code: 'CBOR_MALFORMED' });
        }
        expect(decoded === null).toBe(scanned !== null);
        if (decoded) expect(Buffer.compare(decoded, bytes)).toBe(0);
        expect(Buffer.compare(bytes, before)).toBe(0);
      }),
      { seed, numRuns },
    );
  });
});
