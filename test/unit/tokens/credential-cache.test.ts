// The credential cache may change speed, never a result; and it is bounded.
import { describe, expect, it } from 'vitest';
import {
  CredentialCache,
  credentialCacheLimit,
  type KnownCredential,
} from '../../../runtime/tokens/credential-cache.ts';
import {
  asSp1,
  cnf,
  cose,
  credential,
  holderP256,
  issuer,
  payloadOf,
  presentation,
  stranger,
} from '../../fixtures/hand-made-codes.ts';
import { issuerContent, keyContent, moment, reasonOf, trustView } from '../../fixtures/token-world.ts';

const known = {} as KnownCredential;

describe('the cache', () => {
  it(`holds ${credentialCacheLimit}, and lets the one go that was not used for longest`, () => {
    const cache = new CredentialCache();
    for (let nth = 0; nth < credentialCacheLimit; nth++) cache.add(`${nth}`, known);
    expect(cache.get('0')).toBe(known);
    cache.add('one more', known);

    expect(cache.size).toBe(credentialCacheLimit);
    expect([cache.get('0'), cache.get('1'), cache.get('one more')]).toEqual([known, null, known]);
  });

  it('is empty once cleared', () => {
    const cache = new CredentialCache();
    cache.add('a', known);
    cache.clear();

    expect([cache.size, cache.get('a')]).toEqual([0, null]);
  });

  it('knows a credential by all its bytes, signature included', () => {
    const a = credential();

    expect(CredentialCache.keyOf(a)).not.toBe(CredentialCache.keyOf(a.with(a.length - 1, (a.at(-1) ?? 0) ^ 1)));
  });
});

describe('a credential enters', () => {
  const entered = (raw: Uint8Array, situation = {}) => {
    const cache = new CredentialCache();
    const reason = reasonOf(raw, { ...situation, cache });
    return [reason, cache.size];
  };

  it('when both signatures held', () => {
    expect(entered(asSp1(presentation()))).toEqual(['OK', 1]);
    const a = credential({ payload: { 8: cnf(holderP256) } });
    expect(entered(asSp1(presentation({ credential: a, holder: holderP256 })))).toEqual(['OK', 1]);
  });

  it.each([
    ['forged', presentation({ credential: cose(payloadOf('account'), issuer, { signedBy: stranger }) })],
    ['shown by a phone that lacks its key', presentation({ holder: stranger })],
  ])('not when it is %s', (_name, code) => {
    expect(entered(asSp1(code))).toEqual(['BAD_SIGNATURE', 0]);
  });
});

describe('a cached credential', () => {
  function warmed() {
    const cache = new CredentialCache();
    expect(reasonOf(asSp1(presentation({ counter: 1 })), { cache })).toBe('OK');
    expect(cache.size).toBe(1);
    return cache;
  }
  const next = (options: Parameters<typeof presentation>[0] = {}) => asSp1(presentation({ counter: 2, ...options }));

  it.each([
    ['a good code', next(), {}, 'OK'],
    ['another phone', next({ holder: stranger }), {}, 'BAD_SIGNATURE'],
    ['an old code', next({ iat: moment().wallMs / 1_000 - 60 }), {}, 'STALE_CODE'],
    ['an ended credential', next(), { now: moment(300_000) }, 'CREDENTIAL_EXPIRED'],
    ['an issuer that is gone', next(), { trust: trustView({ issuers: [] }) }, 'UNKNOWN_ISSUER'],
    ['a key that is gone', next(), { trust: trustView({ issuers: [issuerContent({ keys: [] })] }) }, 'UNKNOWN_KEY'],
  ])('skips nothing but the issuer signature: %s', (_name, raw, situation, reason) => {
    expect(reasonOf(raw, { ...situation, cache: warmed() })).toBe(reason);
    expect(reasonOf(raw, situation)).toBe(reason);
  });

  it('vouches for nothing under another key of the same name, also where nobody cleared it', () => {
    const keys = [keyContent({ ...stranger, kid: issuer.kid })];
    const trust = trustView({ issuers: [issuerContent({ keys })] });

    expect(reasonOf(next(), { trust, cache: warmed() })).toBe('BAD_SIGNATURE');
    expect(reasonOf(next(), { trust })).toBe('BAD_SIGNATURE');
  });

  it('is not trusted under a signature that was changed', () => {
    const a = credential();
    const changed = a.with(a.length - 1, (a.at(-1) ?? 0) ^ 1);

    expect(reasonOf(next({ credential: changed }), { cache: warmed() })).toBe('BAD_SIGNATURE');
  });
});
