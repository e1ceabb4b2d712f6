// SP1 and ST1 as parsers: text and evidence of any kind, read into a refusal or a parsed code.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../runtime/core/bytes.ts';
import { CredentialCache } from '../../runtime/tokens/credential-cache.ts';
import { inspectCode } from '../../runtime/tokens/inspect.ts';
import { sp1 } from '../../runtime/tokens/sp1.ts';
import { st1 } from '../../runtime/tokens/st1.ts';
import type { Parsed, TokenVerifier } from '../../runtime/tokens/verifier.ts';
import { asSp1, asSt1, bearer, cose, credential, payloadOf, presentation } from '../fixtures/hand-made-codes.ts';
import { mutationsOf } from './mutations.ts';

const seed = 4;
const tokens = [presentation(), bearer(), credential(), cose(payloadOf('ticket')), cose(payloadOf('loan'))];
const refusals = ['MALFORMED', 'UNSUPPORTED_FORMAT'];

describe.each<{ id: string; format: TokenVerifier<Parsed>; asText: (token: Uint8Array) => Uint8Array }>([
  { id: 'sp1', format: sp1 as TokenVerifier<Parsed>, asText: asSp1 },
  { id: 'st1', format: st1 as TokenVerifier<Parsed>, asText: asSt1 },
])('$id', ({ format, asText }) => {
  it(`evidence, seed ${seed}`, () => {
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          mutationsOf(tokens, (token) => token).map(({ bytes }) => bytes),
          fc.uint8Array({ maxLength: 500 }),
        ),
        (bytes) => {
          const parsing = format.parse(bytes, new CredentialCache());
          if (!parsing.ok) {
            expect(refusals).toContain(parsing.reason);
            return;
          }
          read++;
          expect(parsing.parsed).toMatchObject({ format: format.id, digest: expect.any(Uint8Array) });
        },
      ),
      { seed, numRuns: 10_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it(`text, seed ${seed}`, () => {
    let unwrapped = 0;
    const anything = fc.uint8Array({ maxLength: 65_536, size: 'max' });
    const behindPrefix = anything.map((bytes) => Uint8Array.of(...asText(new Uint8Array(0)), ...bytes));
    fc.assert(
      fc.property(
        fc.oneof(
          { weight: 30, arbitrary: mutationsOf(tokens, asText).map(({ bytes }) => bytes) },
          anything,
          behindPrefix,
        ),
        (raw) => {
          expect(typeof format.probe(raw)).toBe('boolean');
          const result = format.unwrap(raw);
          if (!result.ok) {
            expect(result.reason).toBe('MALFORMED');
            return;
          }
          unwrapped++;
          expect(result.evidence.length).toBeLessThanOrEqual(400);
        },
      ),
      { seed, numRuns: 1_500 },
    );
    expect(unwrapped).toBeGreaterThan(100);
  });
});

it(`inspect shows any text to a person, seed ${seed}`, () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 700 }),
        mutationsOf(tokens, asSt1).map(({ bytes }) => Buffer.from(bytes).toString('latin1')),
      ),
      (text) => {
        const inspected = inspectCode(text);
        expect(() => JSON.stringify(inspected)).not.toThrow();
        if (!inspected.ok) expect(refusals).toContain(inspected.reason);
      },
    ),
    { seed, numRuns: 3_000 },
  );
  expect(inspectCode(Buffer.from(utf8('')).toString()).ok).toBe(false);
});
