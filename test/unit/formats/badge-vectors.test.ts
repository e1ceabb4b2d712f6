// The vectors we publish for SB1 are what our verifier and a machine's own check say. Whoever issues badges tests
// against them.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { monoMs, unixSeconds, wallMs } from '../../../runtime/core/brand.ts';
import { equal, fromHex, utf8 } from '../../../runtime/core/bytes.ts';
import { type BadgePlace, judgeBadge } from '../../../runtime/machines/shared/badge.ts';
import { CredentialCache } from '../../../runtime/tokens/credential-cache.ts';
import type { DenyLookup } from '../../../runtime/tokens/deny.ts';
import { ReplayRing } from '../../../runtime/tokens/replay-ring.ts';
import { openTrustList } from '../../../runtime/tokens/trust-list.ts';
import { defaultLimits } from '../../../runtime/tokens/verifier.ts';
import { verifyCode } from '../../../runtime/tokens/verify.ts';

interface Published {
  readonly roots: { operator: string; gen: number; need: number; keys: { kid: string; publicKey: string }[] };
  readonly trustList: string;
  readonly denied: { issuer: string; account: string }[];
  readonly vectors: { name: string; code: string; at: number; place: BadgePlace; reason: string; note: string }[];
}

const published = JSON.parse(
  readFileSync(new URL('../../../docs/formats/vectors/badges.json', import.meta.url), 'utf8'),
) as Published;
const roots = {
  ...published.roots,
  keys: published.roots.keys.map(({ kid, publicKey }) => ({ kid: fromHex(kid), publicKey: fromHex(publicKey) })),
};
const opened = openTrustList(fromHex(published.trustList), published.roots.operator, roots, null);
if (!opened.ok) throw new Error(`published trust list: ${opened.refusal}`);
const { view } = opened;
const deny: DenyLookup = {
  version: 1,
  issuedAt: unixSeconds(0),
  find: (issuer, type, id) =>
    type === 1 && published.denied.some((entry) => entry.issuer === issuer && equal(fromHex(entry.account), id))
      ? { issuer, type, id, issuedBefore: 0, begin: 0, end: 0, why: 3, ref: '' }
      : null,
};

function judge(code: string, at: number, place: BadgePlace): string {
  const now = {
    wallMs: wallMs(at * 1000),
    monoMs: monoMs(0),
    state: 'SYNCED',
    uncertaintyMs: 0,
    floorMs: wallMs(0),
  } as const;
  const context = { now, trust: view, limits: defaultLimits, cache: new CredentialCache() };
  const defect = (_format: string, error: unknown): never => {
    throw error;
  };
  const lookups = { ring: new ReplayRing(), deny, status: () => null, defect };
  const judged = judgeBadge(verifyCode(utf8(code), now.monoMs, context, lookups), place);
  return judged.ok ? 'OK' : judged.reason;
}

describe('the published vectors of SB1', () => {
  it.each(published.vectors)('$name: $reason, $note', ({ code, at, place, reason }) => {
    expect(judge(code, at, place)).toBe(reason);
  });

  it('hold at least one code for each way in which a badge can be wrong', () => {
    expect([...new Set(published.vectors.map(({ reason }) => reason))].toSorted()).toEqual(
      [
        'BAD_SIGNATURE',
        'CREDENTIAL_EXPIRED',
        'DENIED',
        'MALFORMED',
        'NOT_YET_VALID',
        'OK',
        'STALE_CODE',
        'UNKNOWN_ISSUER',
        'UNKNOWN_KEY',
        'WRONG_ROLE',
        'WRONG_SITE',
      ].toSorted(),
    );
  });
});
