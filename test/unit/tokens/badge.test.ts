// A staff badge through the steps that the published vectors cannot show: what was accepted before, lists, the clock,
// and that neither kind of credential passes for the other.
import { describe, expect, it } from 'vitest';
import { monoMs, unixSeconds } from '../../../runtime/core/brand.ts';
import { utf8 } from '../../../runtime/core/bytes.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { judgeBadge } from '../../../runtime/machines/shared/badge.ts';
import { inspectCode } from '../../../runtime/tokens/inspect.ts';
import { ReplayRing } from '../../../runtime/tokens/replay-ring.ts';
import { reverify } from '../../../runtime/tokens/reverify.ts';
import { roleBits, rolesOf, staffRoles } from '../../../runtime/tokens/staff-roles.ts';
import { Issuer } from '../../../simulators/issuer/issuer.ts';
import { type BadgeGrant, StaffBadge } from '../../../simulators/wallet/staff-badge.ts';
import { at } from '../../fixtures/hand-made-codes.ts';
import {
  denyEntry,
  denyList,
  moment,
  reasonOf,
  type Situation,
  trustView,
  verdictOf,
} from '../../fixtures/token-world.ts';

const issuer = Issuer.create('museum1', new SeededEntropy('badges'));
const record = issuer.trustRecord(unixSeconds(at));
const trust = trustView({ issuers: [record] });
const issued = unixSeconds(at - 3_600);
const grant: BadgeGrant = { roles: ['gate'], site: 9 };
const here = { terminal: 'lane-1', site: 9, roles: ['gate'] } as const;
const badge = StaffBadge.open(issuer, grant, issued);
const shown = (of: StaffBadge = badge, offset = -1): Uint8Array => utf8(of.code(unixSeconds(at + offset)));
const answer = (raw: Uint8Array, situation: Situation = {}): string => reasonOf(raw, { trust, ...situation });

describe('a badge', () => {
  it('names its bearer, roles and place, and nothing of a passenger', () => {
    const verdict = verdictOf(shown(), { trust });
    expect(verdict.accepted && verdict.outcome).toMatchObject({
      format: 'sb1',
      kind: 'badge',
      subject: badge.staff,
      staff: { roles: ['gate'], terminal: null },
      limits: { site: 9, product: null },
    });
  });

  it('that was accepted here is REPLAYED later, and a fresh one of the same phone is not', () => {
    const raw = shown();
    const first = verdictOf(raw, { trust });
    if (!first.accepted) throw new Error(first.reason);
    const ring = new ReplayRing();
    ring.accept(first.outcome.digest, { epoch: 1, seq: 1, atMonoMs: monoMs(1_000) }, 40_000);
    expect(answer(raw, { ring, atMonoMs: 9_000 })).toBe('REPLAYED');
    expect(answer(shown(badge, 0), { ring, atMonoMs: 9_000 })).toBe('OK');
  });

  it('is REVOKED by the status list, and DENIED by bearer or by the grant itself', () => {
    const listed = StaffBadge.open(issuer, grant, issued, { claims: { statusIndex: 3 } });
    const [key] = record.keys;
    if (!key) throw new Error('no key');
    const withList = trustView({ issuers: [{ ...record, keys: [{ ...key, statusList: 'staff' }] }] });
    expect(answer(shown(listed), { trust: withList, status: () => 1 })).toBe('REVOKED');
    expect(answer(shown(listed), { trust: withList, status: () => 0 })).toBe('OK');
    const byBearer = denyEntry(1, badge.staff, { issuer: 'museum1', why: 3 });
    expect(answer(shown(), { deny: denyList(byBearer) })).toBe('DENIED');
    const verdict = verdictOf(shown(), { trust });
    if (!verdict.accepted || !verdict.outcome.cti) throw new Error('no grant id');
    const byGrant = denyEntry(2, verdict.outcome.cti, { issuer: 'museum1' });
    expect(answer(shown(), { deny: denyList(byGrant) })).toBe('DENIED');
  });

  it('is younger than half a minute, whatever its issuer allows', () => {
    const long = StaffBadge.open(issuer, grant, issued, { claims: { presentationMaxAgeSeconds: 240 } });
    expect(answer(shown(long, -30))).toBe('OK');
    expect(answer(shown(long, -31))).toBe('STALE_CODE');
  });

  it.each([
    ['UNTRUSTED', 0],
    ['HOLDOVER', 31_000],
  ] as const)('needs the time: %s by %d ms', (state, uncertaintyMs) => {
    // A floor of a month ago would let a code of a passenger through.
    expect(answer(shown(), { now: moment(0, { state, uncertaintyMs }) })).toBe('CLOCK_UNTRUSTED');
  });

  it('may be bound by the key of its issuer: to a site, or to a machine', () => {
    const [key] = record.keys;
    if (!key) throw new Error('no key');
    const under = (scope: readonly string[]): string => {
      const bound = trustView({ issuers: [{ ...record, keys: [{ ...key, scope }] }] });
      const judged = judgeBadge(verdictOf(shown(), { trust: bound }), here);
      return judged.ok ? 'OK' : judged.reason;
    };
    expect([under([]), under(['9']), under(['lane-1']), under(['8', 'lane-2'])]).toEqual([
      'OK',
      'OK',
      'OK',
      'WRONG_SITE',
    ]);
  });

  it('says in a refusal whose it is only once every signature held', () => {
    const place = { ...here, roles: ['driver'] } as const;
    expect(judgeBadge(verdictOf(shown(), { trust }), place)).toMatchObject({
      reason: 'WRONG_ROLE',
      staff: badge.staff,
    });
    const forged = StaffBadge.open(Issuer.create('museum1', new SeededEntropy('forger')), grant, issued);
    expect(judgeBadge(verdictOf(shown(forged), { trust }), place)).toMatchObject({
      reason: 'UNKNOWN_KEY',
      staff: null,
    });
  });

  it('is not what a ticket is', () => {
    const ticket = issuer.ticket({ nbf: issued, exp: unixSeconds(at + 60) }, 9, issued);
    expect(judgeBadge(verdictOf(utf8(ticket), { trust }), here)).toMatchObject({ ok: false, reason: 'WRONG_PRODUCT' });
  });

  it('reads in words, and verifies again at the head end', () => {
    const code = badge.code(unixSeconds(at - 1));
    expect(inspectCode(code)).toMatchObject({
      ok: true,
      format: 'sb1',
      claims: { kind: 'badge', roles: ['gate'], site: 9 },
    });
    const verdict = verdictOf(utf8(code), { trust });
    if (!verdict.accepted) throw new Error(verdict.reason);
    expect(reverify('sb1', verdict.outcome.evidence, moment(), trust)).toMatchObject({ good: true });
  });
});

describe('roles', () => {
  it('are a bitmap and words, both ways', () => {
    for (let bitmap = 0; bitmap < 2 ** staffRoles.length; bitmap++) expect(roleBits(rolesOf(bitmap))).toBe(bitmap);
  });
});
