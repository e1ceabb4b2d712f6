// The parsers of foreign formats under any bytes: a refusal or a parsed code, never a throw.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, utf8 } from '../../runtime/core/bytes.ts';
import { SeededEntropy } from '../../runtime/core/entropy.ts';
import { CredentialCache } from '../../runtime/tokens/credential-cache.ts';
import { jtt1179 } from '../../runtime/tokens/jtt1179/jtt1179.ts';
import { pretixSig1 } from '../../runtime/tokens/pretix/pretix-sig1.ts';
import type { Parsed, TokenVerifier } from '../../runtime/tokens/verifier.ts';
import { TransitScheme } from '../../simulators/issuer/transit-scheme.ts';
import { at, joined } from '../fixtures/hand-made-codes.ts';
import { mutationsOf } from './mutations.ts';

const seed = 8;
const transit = new TransitScheme('a1b2c3d4', new SeededEntropy('fuzz')).phone(fromHex('00112233445566778899'));
/** Version 1, payload of 14, signature of 64: seed "s", item 5, variation 1, times. */
const ticket = joined(
  fromHex('01000f0040'),
  fromHex('0a01731005180128c0e1eb9a06'),
  fromHex('3000'),
  new Uint8Array(64),
);
const backwards = (binary: Uint8Array): Uint8Array =>
  Buffer.from(utf8(Buffer.from(binary).toString('base64'))).reverse();
const refusals = ['MALFORMED', 'UNSUPPORTED_FORMAT'];

describe.each<{
  id: string;
  format: TokenVerifier<Parsed>;
  good: Uint8Array;
  asRead: (evidence: Uint8Array) => Uint8Array;
}>([
  { id: 'jtt1179', format: jtt1179 as TokenVerifier<Parsed>, good: transit.show(at), asRead: (evidence) => evidence },
  { id: 'pretix_sig1', format: pretixSig1([]) as TokenVerifier<Parsed>, good: ticket, asRead: backwards },
])('$id', ({ format, good, asRead }) => {
  it('reads the code that is changed below', () => {
    const unwrapped = format.unwrap(asRead(good));
    expect(format.probe(asRead(good)) && unwrapped.ok && unwrapped.evidence).toEqual(good);
    expect(format.parse(good, new CredentialCache()).ok).toBe(true);
  });

  it.each([
    ['any bytes', fc.uint8Array({ maxLength: 65_536, size: 'max' }), 60],
    ['changed evidence', mutationsOf([good], (bytes) => bytes).map(({ bytes }) => bytes), 5_000],
    ['changed as read', mutationsOf([asRead(good)], (bytes) => bytes).map(({ bytes }) => bytes), 5_000],
  ] as const)(`%s, seed ${seed}`, (_name, inputs, numRuns) => {
    fc.assert(
      fc.property(inputs, (bytes) => {
        expect(typeof format.probe(bytes)).toBe('boolean');
        for (const step of [format.unwrap(bytes), format.parse(bytes, new CredentialCache())]) {
          if (!step.ok) expect(refusals).toContain(step.reason);
        }
      }),
      { seed, numRuns },
    );
  });
});
