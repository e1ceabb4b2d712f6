// The vectors we publish for ST1 and SP1 are what our verifier says. Whoever issues codes tests against them.

import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { monoMs, wallMs } from '../../../runtime/core/brand.ts';
import { fromHex, utf8 } from '../../../runtime/core/bytes.ts';
import { CredentialCache } from '../../../runtime/tokens/credential-cache.ts';
import { ReplayRing } from '../../../runtime/tokens/replay-ring.ts';
import { openTrustList } from '../../../runtime/tokens/trust-list.ts';
import { defaultLimits } from '../../../runtime/tokens/verifier.ts';
import { verifyCode } from '../../../runtime/tokens/verify.ts';

interface Published {
  readonly roots: { operator: string; gen: number; need: number; keys: { kid: string; publicKey: string }[] };
  readonly trustList: string;
  readonly keys: { issuer: string; kid: string; alg: number; publicKey: string }[];
  readonly worked: { code: string; token: string; signed: string };
  readonly vectors: { name: string; code: string; at: number; outcome: string; reason: string; note: string }[];
}

const published = JSON.parse(
  readFileSync(new URL('../../../docs/formats/vectors/native.json', import.meta.url), 'utf8'),
) as Published;
const roots = {
  ...published.roots,
  keys: published.roots.keys.map(({ kid, publicKey }) => ({ kid: fromHex(kid), publicKey: fromHex(publicKey) })),
};
const opened = openTrustList(fromHex(published.trustList), published.roots.operator, roots, null);
if (!opened.ok) throw new Error(`published trust list: ${opened.refusal}`);
const { view } = opened;

function judge(code: string, at: number): string {
  const now = {
    wallMs: wallMs(at * 1000),
    monoMs: monoMs(0),
    state: 'SYNCED',
    uncertaintyMs: 0,
    floorMs: wallMs(0),
  } as const;
  const verdict = verifyCode(
    utf8(code),
    now.monoMs,
    { now, trust: view, limits: defaultLimits, cache: new CredentialCache() },
    {
      ring: new ReplayRing(),
      deny: null,
      status: () => null,
      defect: (_format, error) => {
        throw error;
      },
    },
  );
  return verdict.accepted ? 'OK' : verdict.reason;
}

describe('the published vectors of ST1 and SP1', () => {
  it.each(published.vectors)('$name: $reason, $note', ({ code, at, outcome, reason }) => {
    expect(judge(code, at)).toBe(reason);
    expect(outcome).toBe(reason === 'OK' ? 'accepted' : 'refused');
  });

  it('hold at least one code for each reason that a signature, a time or a form can give', () => {
    const reasons = new Set(published.vectors.map(({ reason }) => reason));
    expect([...reasons].toSorted()).toEqual(
      [
        'BAD_SIGNATURE',
        'CREDENTIAL_EXPIRED',
        'EXPIRED',
        'MALFORMED',
        'NOT_YET_VALID',
        'OK',
        'STALE_CODE',
        'UNKNOWN_ISSUER',
        'UNKNOWN_KEY',
        'UNSUPPORTED_FORMAT',
      ].toSorted(),
    );
  });

  it('are signed as the page says: the worked example verifies with nothing but the published key and bytes', () => {
    const [{ publicKey = '' } = {}] = published.keys;
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'hex').toString('base64url') },
      format: 'jwk',
    });
    const token = Buffer.from(published.worked.token, 'hex');
    expect(verify(null, Buffer.from(published.worked.signed, 'hex'), key, token.subarray(-64))).toBe(true);
  });
});
