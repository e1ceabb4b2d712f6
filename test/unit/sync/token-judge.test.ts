// The head end's second look at a token: the same signature, under its own trust list, at the time of the
// row, and the very token that the row names.
import { expect, test } from 'vitest';
import { businessDay, epoch, monoMs, seq, terminalId, unixSeconds, wallMs } from '../../../runtime/core/brand.ts';
import { type Bytes, fromHex } from '../../../runtime/core/bytes.ts';
import type { Payload } from '../../../runtime/records/payload.ts';
import { type Row, zeroHash } from '../../../runtime/records/row.ts';
import { encodeClaims } from '../../../runtime/tokens/claims.ts';
import { noExternalData, sealCose1 } from '../../../runtime/tokens/cose.ts';
import { algorithms, rawPublicKey } from '../../../runtime/tokens/keys.ts';
import { parseSt1 } from '../../../runtime/tokens/st1.ts';
import { openTrustList, signTrustList } from '../../../runtime/tokens/trust-list.ts';
import { TokenJudge } from '../../../sync/headend/token-judge.ts';
import { newSigner } from '../../fixtures/sync-world.ts';

const issuedAt = 1_767_600_000;
const account = fromHex('0102030405060708');
const [root, issuer, stranger] = [newSigner(), newSigner(), newSigner()];

const trust = (() => {
  const list = signTrustList(
    {
      operator: 'metro',
      gen: 1,
      version: 1,
      iat: unixSeconds(issuedAt),
      exp: unixSeconds(issuedAt + 86_400),
      documentKeys: [],
      issuers: [
        {
          iss: 'metro-id',
          name: 'Metro',
          currency: 'EUR',
          keys: [
            {
              kid: issuer.kid,
              alg: algorithms.EdDSA,
              raw: rawPublicKey(issuer.privateKey),
              kinds: 15,
              from: unixSeconds(0),
              until: unixSeconds(2 ** 32 - 1),
              gone: unixSeconds(2 ** 32 - 1),
            },
          ],
        },
      ],
    },
    root,
  );
  const roots = { gen: 1, need: 1, keys: [{ kid: root.kid, publicKey: rawPublicKey(root.privateKey) }] };
  const opened = openTrustList(list, 'metro', roots, null);
  if (!opened.ok) throw new Error(opened.detail);
  return opened.view;
})();

const token = (signer = issuer): Bytes =>
  sealCose1(
    { ...signer, kid: issuer.kid },
    noExternalData,
    encodeClaims({
      kind: 'bearer',
      issuer: 'metro-id',
      iat: unixSeconds(issuedAt),
      exp: unixSeconds(issuedAt + 60),
      cti: fromHex('1112131415161718'),
      account,
      product: 1,
    }),
  );

function row(atSeconds: number, payload: Partial<Payload> = {}): Row {
  const parsed = parseSt1(token());
  if (!parsed.ok) throw new Error('unreadable');
  return {
    terminal: terminalId('bus-1'),
    epoch: epoch(2 ** 32),
    seq: seq(3),
    bootId: new Uint8Array(16),
    tMonoMs: monoMs(1),
    tWallMs: wallMs(atSeconds * 1_000),
    clock: { state: 'SYNCED', uncertaintyMs: 10 },
    day: businessDay('2026-01-05'),
    type: 'DECISION',
    payload: {
      act: 'ride',
      reason: 'OK',
      format: 'st1',
      issuer: 'metro-id',
      account,
      digest: parsed.parsed.digest,
      ...payload,
    },
    prev: zeroHash,
  };
}

const judge = new TokenJudge(() => trust);

test('a token that was good at the time of the row is good, however late it is looked at', () => {
  expect(judge.judge(row(issuedAt + 5), token())).toEqual({ good: true });
});

test.each([
  ['a forged signature', row(issuedAt + 5), token(stranger), 'BAD_SIGNATURE'],
  ['a token that had expired', row(issuedAt + 3_600), token(), 'EXPIRED'],
  ['noise', row(issuedAt + 5), Uint8Array.of(1, 2, 3), 'MALFORMED'],
  ['another account in the row', row(issuedAt + 5, { account: fromHex('ffffffffffffffff') }), token(), 'OTHER_TOKEN'],
  ['another digest in the row', row(issuedAt + 5, { digest: zeroHash }), token(), 'OTHER_TOKEN'],
  ['another issuer in the row', row(issuedAt + 5, { issuer: 'rail-id' }), token(), 'OTHER_TOKEN'],
  ['a format nobody verifies', row(issuedAt + 5, { format: 'other' }), token(), 'UNSUPPORTED_FORMAT'],
] as const)('%s is not', (_what, stored, evidence, reason) => {
  expect(judge.judge(stored, evidence)).toEqual({ good: false, reason });
});

test('nothing is good before there is a trust list', () => {
  expect(new TokenJudge(() => null).judge(row(issuedAt + 5), token())).toEqual({
    good: false,
    reason: 'UNKNOWN_ISSUER',
  });
});
