// The trust list under any bytes, and under any body that a root might have signed by mistake.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CborInput, decodeCbor, documentProfile, encodeCbor } from '../../runtime/core/cbor.ts';
import { documentContext, readCose1, sealCose1 } from '../../runtime/tokens/cose.ts';
import { openTrustList, signTrustList } from '../../runtime/tokens/trust-list.ts';
import { rootSigner, roots, trustContent } from '../fixtures/token-world.ts';
import { mutationsOf } from './mutations.ts';

const seed = 5;
const list = signTrustList(trustContent(), rootSigner);
const payload = readCose1(list, documentProfile)?.payload ?? new Uint8Array(0);
const refusals = [
  'MALFORMED',
  'WRONG_OPERATOR',
  'WRONG_GENERATION',
  'UNKNOWN_KEY',
  'BAD_SIGNATURE',
  'BAD_RECORD',
  'ROLLBACK',
  'SPLIT_VIEW',
];
const open = (bytes: Uint8Array): string => {
  const opened = openTrustList(bytes, 'metro', roots, null);
  if (!opened.ok) expect(refusals).toContain(opened.refusal);
  return opened.ok ? 'OK' : opened.refusal;
};

it(`any bytes, seed ${seed}`, () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 65_536, size: 'max' }), (bytes) => {
      expect(open(bytes)).toBe('MALFORMED');
    }),
    { seed, numRuns: 100 },
  );
});

it(`changed lists are never installed, seed ${seed}`, () => {
  fc.assert(
    fc.property(
      mutationsOf([list], (bytes) => bytes),
      ({ bytes }) => {
        if (Buffer.compare(bytes, list) !== 0) expect(open(bytes)).not.toBe('OK');
      },
    ),
    { seed, numRuns: 3_000 },
  );
});

it(`changed payloads that were signed all the same, seed ${seed}`, () => {
  const answers = new Set<string>();
  fc.assert(
    fc.property(
      mutationsOf([payload], (bytes) => bytes),
      ({ bytes }) => {
        answers.add(open(sealCose1(rootSigner, documentContext('trust'), bytes)));
      },
    ),
    { seed, numRuns: 3_000 },
  );
  expect([...answers].sort()).toEqual(expect.arrayContaining(['BAD_RECORD', 'MALFORMED', 'OK']));
});

it(`any value in any place of the body, seed ${seed}`, () => {
  const body = (decodeCbor(payload, documentProfile) as ReadonlyMap<string, CborInput>).get('body') as ReadonlyMap<
    string,
    CborInput
  >;
  const [issuer] = body.get('issuers') as readonly ReadonlyMap<string, CborInput>[];
  const [key] = (issuer?.get('keys') ?? []) as readonly ReadonlyMap<string, CborInput>[];
  const value: fc.Arbitrary<CborInput> = fc.oneof(
    fc.constantFrom<CborInput>(
      null,
      true,
      0,
      -1,
      2 ** 32,
      '',
      'st1',
      '__proto__',
      [],
      {},
      new Uint8Array(32),
      new Uint8Array(4),
    ),
    fc.integer(),
    fc.uint8Array({ maxLength: 40 }),
  );
  const field = (map: ReadonlyMap<string, CborInput> | undefined) => fc.constantFrom(...(map?.keys() ?? []), 'unknown');
  let opened = 0;
  fc.assert(
    fc.property(
      fc.constantFrom('body', 'issuer', 'key'),
      field(body),
      field(issuer),
      field(key),
      value,
      (where, ofBody, ofIssuer, ofKey, given) => {
        const keys = [where === 'key' ? new Map([...(key ?? []), [ofKey, given] as const]) : (key ?? new Map())];
        const changedIssuer = new Map<string, CborInput>([
          ...(issuer ?? []),
          ['keys', keys],
          ...(where === 'issuer' ? [[ofIssuer, given] as const] : []),
        ]);
        const changed = new Map<string, CborInput>([
          ...body,
          ['issuers', [changedIssuer]],
          ...(where === 'body' ? [[ofBody, given] as const] : []),
        ]);
        const whole = { k: 'trust', o: 'metro', tgt: '*', v: 7, iat: 1, exp: 2, body: changed };
        if (open(sealCose1(rootSigner, documentContext('trust'), encodeCbor(whole))) === 'OK') opened++;
      },
    ),
    { seed, numRuns: 3_000 },
  );
  expect(opened).toBeGreaterThan(100);
});
