// Steps 3 and 4 of the verification order, shared by the native formats: who signed this and may they,
// and is it a time at which it may be shown. A verdict that the clock's uncertainty decides is flagged.
import type { UnixSeconds } from '../core/brand.ts';
import { hex } from '../core/bytes.ts';
import { checkWord } from '../core/check-words.ts';
import type { Moment } from '../core/trusted-time.ts';
import type { Claims } from './claims.ts';
import { type Cose1, noExternalData, signedBytes } from './cose.ts';
import { signatureHolds } from './keys.ts';
import type { TokenKind } from './outcome.ts';
import { type IssuerKey, type IssuerRecord, kindBits, type TrustView } from './trust-view.ts';
import { type Refused, refused, type VerifyLimits } from './verifier.ts';

export interface Grant {
  readonly ok: true;
  readonly record: IssuerRecord;
  readonly key: IssuerKey;
}

/** Longest life of a native token where the trust list sets none: a code to be shown at once, a loan soon, a badge for a shift. */
const lifeSecondsMax: Readonly<Record<TokenKind, number>> = {
  account: 7 * 86_400,
  bearer: 90,
  loan: 600,
  ticket: Number.POSITIVE_INFINITY,
  badge: 12 * 3_600,
};

/** Step 3: the issuer by name, its key by kid, and whether that key may sign this kind at that time. */
export function findKey(claims: Claims, cose: Cose1, trust: TrustView, now: Moment): Grant | Refused {
  const unknown = checkWord('issuerOrKeyUnknown');
  const record = trust.issuer(claims.issuer);
  if (record?.format !== 'st1') return refused('UNKNOWN_ISSUER', 'issuer is not in the trust list', unknown);
  const key = record.keys.get(hex(cose.kid));
  if (!key || (key.kinds & kindBits[claims.kind]) === 0)
    return refused('UNKNOWN_KEY', 'no such key for this kind', unknown);
  const outside = claims.iat < key.from || claims.iat >= key.until;
  if (outside) return refused('KEY_EXPIRED', 'not valid when the token was issued', checkWord('keyExpired'));
  if (!mayBeGone(key.gone, now)) return { ok: true, record, key };
  const sure = seconds(now).earliest >= key.gone;
  return refused(
    'KEY_EXPIRED',
    'withdrawn',
    checkWord('keyExpired', ...(sure ? [] : (['dependsOnUncertainty'] as const))),
  );
}

/** A withdrawn key is refused as soon as it may be over. An untrusted clock says nothing beyond its floor. */
const mayBeGone = (gone: UnixSeconds, now: Moment): boolean =>
  gone <= (now.state === 'UNTRUSTED' ? seconds(now).floor : seconds(now).latest);

/** Step 6. The algorithm is the key's: a header that names another one is a bad signature. */
export const issuerSigned = ({ key, alg }: IssuerKey, cose: Cose1): boolean =>
  key !== null &&
  alg === cose.alg &&
  signatureHolds(alg, key, signedBytes(cose.protectedHeader, noExternalData, cose.payload), cose.signature);

export interface TimeBounds {
  /** First second at which it may be shown. */
  readonly notBefore: number;
  /** First second at which it may not be shown any more. */
  readonly notAfter: number;
  readonly early: 'NOT_YET_VALID' | 'STALE_CODE';
  readonly late: 'EXPIRED' | 'CREDENTIAL_EXPIRED' | 'STALE_CODE';
}

/** Tests [notBefore, notAfter) at both ends of the clock's uncertainty; the benefit goes to the holder. */
export function testBounds(bounds: TimeBounds, now: Moment): { readonly ok: true; readonly found: number } | Refused {
  const { earliest, latest } = seconds(now);
  if (bounds.notBefore > latest)
    return refused(bounds.early, 'not yet', checkWord(bounds.early === 'STALE_CODE' ? 'staleCode' : 'notYetValid'));
  if (bounds.notAfter <= earliest)
    return refused(bounds.late, 'no longer', checkWord(bounds.late === 'STALE_CODE' ? 'staleCode' : 'expired'));
  const sure = bounds.notBefore <= earliest && bounds.notAfter > latest;
  return { ok: true, found: sure ? 0 : checkWord('dependsOnUncertainty') };
}

/** Step 4 for a token of one signature. */
export function admitToken(
  claims: Claims,
  record: IssuerRecord,
  now: Moment,
  limits: VerifyLimits,
): { ok: true; found: number } | Refused {
  const { kind, iat, nbf = 0 } = claims;
  return admitWindow({ kind, iat, nbf, exp: effectiveExp(claims, record) }, now, limits);
}

/** Unix seconds; 0 for a begin or an issue that the format does not tell. */
export interface TokenWindow {
  readonly kind: TokenKind;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
}

/** A token good in [nbf, exp), a ticket with its graces, as far as the clock can tell. */
export function admitWindow(
  claimed: TokenWindow,
  now: Moment,
  limits: VerifyLimits,
): { ok: true; found: number } | Refused {
  const window = claimed.kind === 'ticket' ? withGraces(claimed, limits) : claimed;
  const { kind, iat, nbf, exp } = window;
  if (now.state === 'UNTRUSTED') return admitByFloor(window, now, limits);
  const notBefore = Math.max(nbf, iat - limits.skewSeconds);
  const life = testBounds({ notBefore, notAfter: exp, early: 'NOT_YET_VALID', late: 'EXPIRED' }, now);
  return life.ok && tooUncertain(kind, now, limits) ? admitByFloor(window, now, limits) : life;
}

const withGraces = (window: TokenWindow, limits: VerifyLimits): TokenWindow => ({
  ...window,
  nbf: window.nbf - limits.ticketGraceBeforeSeconds,
  exp: window.exp + limits.ticketGraceAfterSeconds,
});

/** An issuer cannot grant itself a longer life by writing a later end. */
export const effectiveExp = (claims: Claims, record: IssuerRecord): UnixSeconds =>
  Math.min(claims.exp, claims.iat + (record.lifeSeconds[claims.kind] ?? lifeSecondsMax[claims.kind])) as UnixSeconds;

/** The interval that holds the true time, whole seconds. Without a trusted clock only its floor is certain. */
export const seconds = (
  now: Moment,
): { readonly earliest: number; readonly latest: number; readonly floor: number } => ({
  earliest: Math.floor(
    (now.state === 'UNTRUSTED' ? now.floorMs : Math.max(now.wallMs - now.uncertaintyMs, now.floorMs)) / 1000,
  ),
  latest: Math.floor((now.wallMs + now.uncertaintyMs) / 1000),
  floor: Math.floor(now.floorMs / 1000),
});

export const clockUntrusted = (detail: string): Refused =>
  refused('CLOCK_UNTRUSTED', detail, checkWord('clockUntrusted'));

function tooUncertain(kind: TokenKind, now: Moment, limits: VerifyLimits): boolean {
  if (kind === 'bearer') return now.uncertaintyMs > limits.bearerUncertaintyMaxSeconds * 1000;
  return kind === 'loan' && now.uncertaintyMs > limits.loanUncertaintyMaxSeconds * 1000;
}

/** Without a clock only a ticket whose window spans the floor and a day beyond may be believed. */
function admitByFloor(
  { kind, nbf, exp }: TokenWindow,
  now: Moment,
  limits: VerifyLimits,
): { ok: true; found: number } | Refused {
  const { floor } = seconds(now);
  if (exp <= floor) return refused('EXPIRED', 'ended before the floor', checkWord('expired'));
  const spans = kind === 'ticket' && nbf <= floor && exp >= floor + limits.wideValiditySeconds;
  if (!spans) return clockUntrusted('the time is not known well enough for this kind');
  return { ok: true, found: checkWord('clockUntrusted', 'dependsOnUncertainty') };
}
