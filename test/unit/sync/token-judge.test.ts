// The head end's second look at a token: the same signature, under its own trust list, at the time of the
// row, and the very token that the row names.
import { describe, expect, test } from 'vitest';
import { businessDay, epoch, monoMs, seq, terminalId, unixSeconds, wallMs } from '../../../runtime/core/brand.ts';
import { type Bytes, fromHex } from '../../../runtime/core/bytes.ts';
import type { Payload } from '../../../runtime/records/payload.ts';
import { type Row, zeroHash } from '../../../runtime/records/row.ts';
import { encodeClaims } from '../../../runtime/tokens/claims.ts';
import { noExternalData, sealCose1 } from '../../../runtime/tokens/cose.ts';
import { algorithms, rawPublicKey } from '../../../runtime/tokens/keys.ts';
import { parseSt1 } from '../../../runtime/tokens/st1.ts';
import { openTrustList, signTrustList } from '../../../runtime/tokens/trust-list.ts';
import type { TrustView } from '../../../runtime/tokens/trust-view.ts';
import type { RowDate } from '../../../sync/headend/row-dates.ts';
import { TokenJudge } from '../../../sync/headend/token-judge.ts';
import { newSigner } from '../../fixtures/sync-world.ts';

const issuedAt = 1_767_600_000;
const account = fromHex('0102030405060708');
const [root, issuer, stranger] = [newSigner(), newSigner(), newSigner()];

const undated: RowDate = { anchor: null, afterMs: null };
const never = 2 ** 32 - 1;

function trustGone(gone: number): TrustView {
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
              until: unixSeconds(never),
              gone: unixSeconds(gone),
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
}
const trust = trustGone(never);

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

function row(atSeconds: number, payload: Partial<Payload> = {}, evidence: Bytes = token()): Row {
  const parsed = parseSt1(evidence);
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
  expect(judge.judge(row(issuedAt + 5), token(), undated)).toEqual({ good: true });
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
  expect(judge.judge(stored, evidence, undated)).toEqual({ good: false, reason });
});

test('nothing is good before there is a trust list', () => {
  expect(new TokenJudge(() => null).judge(row(issuedAt + 5), token(), undated)).toEqual({
    good: false,
    reason: 'UNKNOWN_ISSUER',
  });
});

/** A ticket that a gate lane without a clock may take: its slot spans days. */
const ticket = sealCose1(
  issuer,
  noExternalData,
  encodeClaims({
    kind: 'ticket',
    issuer: 'metro-id',
    iat: unixSeconds(issuedAt - 86_400),
    nbf: unixSeconds(issuedAt),
    exp: unixSeconds(issuedAt + 5 * 86_400),
    cti: fromHex('1112131415161718'),
    product: 1,
    site: 7,
  }),
);

describe('a row written without a clock', () => {
  /** The machine's clock says 1970. */
  const { account: _none, ...payload } = row(0, {}, ticket).payload;
  const lost: Row = { ...row(0), clock: { state: 'UNTRUSTED', uncertaintyMs: 300_000 }, payload };
  const day = 86_400;
  /** The boot was told the time an hour after the row, `days` after the slot began. */
  const toldAt = (days: number): RowDate => ({
    anchor: { monoMs: lost.tMonoMs + 3_600_000, wallMs: (issuedAt + days * day + 3_600) * 1_000, uncertaintyMs: 50 },
    afterMs: null,
  });

  test.each([
    ['dated inside the slot', toldAt(2), never, 'good'],
    ['dated before it began', toldAt(-2), never, 'NOT_YET_VALID'],
    ['dated after it ended', toldAt(7), never, 'EXPIRED'],
    ['dated before its key was withdrawn', toldAt(2), issuedAt + 3 * day, 'good'],
    ['dated after its key was withdrawn', toldAt(2), issuedAt + day, 'KEY_EXPIRED'],
    ['undated, its journal beyond the withdrawal', journalAt(2), issuedAt + day, 'KEY_EXPIRED'],
    ['undated, its journal not yet at the withdrawal', journalAt(2), issuedAt + 3 * day, 'good'],
    ['undated, its journal beyond the slot', journalAt(7), never, 'EXPIRED'],
    ['undated, and nothing known of its journal', undated, never, 'CLOCK_UNTRUSTED'],
  ] as const)('%s', (_what, date, gone, expected) => {
    const judged = new TokenJudge(() => trustGone(gone)).judge(lost, ticket, date);
    expect(judged).toEqual(expected === 'good' ? { good: true } : { good: false, reason: expected });
  });

  test('a time that was trusted is not changed by what later rows say', () => {
    const known = {
      ...lost,
      clock: { state: 'SYNCED', uncertaintyMs: 5 },
      tWallMs: wallMs((issuedAt + day) * 1_000),
    } as const;
    expect(judge.judge(known, ticket, toldAt(7))).toEqual({ good: true });
  });

  function journalAt(days: number): RowDate {
    return { anchor: null, afterMs: (issuedAt + days * day) * 1_000 };
  }
});
