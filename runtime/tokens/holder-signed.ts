// What the formats of two signatures share: [credential, P, sig], where P = [iat, counter] was signed seconds ago by the
// holder's key that the credential names. A copied picture of it ages out; a copied credential without the phone's key
// is worth nothing.
import type { KeyObject } from 'node:crypto';
import { unixSeconds } from '../core/brand.ts';
import { type Bytes, concat } from '../core/bytes.ts';
import { type CborValue, decodeCbor, isBytes, tokenProfile } from '../core/cbor.ts';
import { checkWord } from '../core/check-words.ts';
import { sha256 } from '../core/sha256.ts';
import { clockUntrusted, effectiveExp, findKey, type Grant, issuerSigned, seconds, testBounds } from './admission.ts';
import type { Claims, HolderKey } from './claims.ts';
import { type Cose1, signedBytes } from './cose.ts';
import { CredentialCache, type KnownCredential } from './credential-cache.ts';
import { algorithms, ed25519Key, p256Key, signatureHolds, signatureLength } from './keys.ts';
import { claimsPrefix, malformed, unwrapText } from './native-text.ts';
import { frozenOutcome, type Outcome } from './outcome.ts';
import { outcomeOfClaims, parseSigned } from './st1.ts';
import type { IssuerRecord } from './trust-view.ts';
import {
  type Admission,
  type Parsed,
  type Parsing,
  type Proof,
  refused,
  type TokenVerifier,
  type VerifyContext,
  type VerifyLimits,
} from './verifier.ts';

export interface HolderSignedFormat {
  readonly id: 'sp1' | 'sb1';
  readonly prefix: string;
  /** The one kind of credential it presents. */
  readonly kind: 'account' | 'badge';
  readonly credentialBytesMax: number;
}

export interface HolderSignedParsed extends Parsed {
  readonly format: HolderSignedFormat['id'];
  readonly claims: Claims;
  readonly holder: HolderKey;
  readonly cose: Cose1;
  readonly presentation: { readonly iat: number; readonly counter: number };
  /** Identity of the credential in the cache. */
  readonly credentialKey: string;
  /** Set when the cache vouches for the issuer's signature. */
  readonly known: KnownCredential | null;
  /** The holder's Sig_structure. */
  readonly signed: Bytes;
  readonly signature: Bytes;
  readonly evidence: Bytes;
}

const es256Header = Uint8Array.of(0xa1, 0x01, 0x26);
const eddsaHeader = Uint8Array.of(0xa1, 0x01, 0x27);

export const holderSigned = (format: HolderSignedFormat): TokenVerifier<HolderSignedParsed> => ({
  id: format.id,
  holderSigned: true,
  probe: (raw) => claimsPrefix(raw, format.prefix),
  unwrap: (raw) => unwrapText(raw, format.prefix),
  parse: (evidence, cache) => parse(format, evidence, cache),
  admit,
  prove,
});

/** Steps 1 and 2 from the binary presentation on. */
function parse(format: HolderSignedFormat, evidence: Bytes, cache: CredentialCache): Parsing<HolderSignedParsed> {
  const parts = partsOf(evidence, format.credentialBytesMax);
  if (!parts) return malformed('not [credential, presentation, signature]');
  const [credential, presentationBytes, signature] = parts;
  const presentation = presentationOf(presentationBytes);
  if (!presentation) return malformed('presentation is not [iat, counter]');
  const credentialKey = CredentialCache.keyOf(credential);
  const known = cache.get(credentialKey);
  const read = known ? ({ ok: true, claims: known.claims, cose: known.cose } as const) : parseSigned(credential);
  if (!read.ok) return read;
  const { claims, cose } = read;
  if (claims.kind !== format.kind || !claims.holder) return malformed(`not a credential of kind ${format.kind}`);
  const signed = holderSignedBytes(claims.holder, credential, presentationBytes);
  const digest = sha256(signed);
  return {
    ok: true,
    parsed: {
      format: format.id,
      kind: claims.kind,
      issuer: claims.issuer,
      digest,
      claims,
      holder: claims.holder,
      cose,
      presentation,
      credentialKey,
      known,
      signed,
      signature,
      evidence,
    },
  };
}

/** What the holder signs: the credential, issuer signature included, is the external data. */
export const holderSignedBytes = (holder: HolderKey, credential: Bytes, presentation: Bytes): Bytes =>
  signedBytes(holder.curve === 'P-256' ? es256Header : eddsaHeader, credential, presentation);

function partsOf(evidence: Bytes, credentialBytesMax: number): readonly [Bytes, Bytes, Bytes] | null {
  const value = decodedOrNull(evidence);
  if (!Array.isArray(value) || value.length !== 3) return null;
  const [credential, presentation, signature] = value as readonly CborValue[];
  if (!isBytes(credential) || !isBytes(presentation) || !isBytes(signature)) return null;
  const fits = credential.length <= credentialBytesMax && signature.length === signatureLength;
  return fits ? [credential, presentation, signature] : null;
}

function presentationOf(bytes: Bytes): { iat: number; counter: number } | null {
  const value = decodedOrNull(bytes);
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [iat, counter] = value as readonly CborValue[];
  return isU32(iat) && isU32(counter) ? { iat, counter } : null;
}

function admit(parsed: HolderSignedParsed, context: VerifyContext): Admission {
  const grant = findKey(parsed.claims, parsed.cose, context.trust, context.now);
  if (!grant.ok) return grant;
  const { claims, presentation } = parsed;
  const { now, limits } = context;
  const exp = effectiveExp(claims, grant.record);
  const maxAge = maxAgeOf(claims, grant.record, limits);
  const outside = presentation.iat < claims.iat - limits.skewSeconds || presentation.iat >= exp;
  const byFloor = (): Admission =>
    claims.kind === 'badge'
      ? clockUntrusted('a badge is good for a shift, and needs the time')
      : admitByFloor({ exp, presentedAt: presentation.iat, outside, maxAge }, context);
  if (now.state === 'UNTRUSTED') return byFloor();
  const life = testBounds(
    {
      notBefore: Math.max(claims.nbf ?? 0, claims.iat - limits.skewSeconds),
      notAfter: exp,
      early: 'NOT_YET_VALID',
      late: 'CREDENTIAL_EXPIRED',
    },
    now,
  );
  // An ended credential first: its holder is to go online, and a fresh code would not help.
  if (!life.ok) return life;
  if (outside) return outsideLife;
  const made = { notBefore: presentation.iat - limits.skewSeconds, notAfter: presentation.iat + maxAge + 1 };
  const fresh = testBounds({ ...made, early: 'STALE_CODE', late: 'STALE_CODE' }, now);
  if (!fresh.ok) return fresh;
  return now.uncertaintyMs > maxAge * 1_000 ? byFloor() : { ok: true, found: life.found | fresh.found };
}

/** Without a clock: the credential must outlive the floor by far, and the code must not be older than it. */
function admitByFloor(
  { exp, presentedAt, outside, maxAge }: { exp: number; presentedAt: number; outside: boolean; maxAge: number },
  { now, limits }: VerifyContext,
): Admission {
  const { floor } = seconds(now);
  if (exp <= floor) return refused('CREDENTIAL_EXPIRED', 'ended before the floor', checkWord('expired'));
  if (outside) return outsideLife;
  if (exp < floor + limits.wideValiditySeconds || presentedAt < floor - maxAge) {
    return clockUntrusted('the floor does not decide for this code');
  }
  return { ok: true, found: checkWord('clockUntrusted', 'dependsOnUncertainty') };
}

function prove(parsed: HolderSignedParsed, context: VerifyContext): Proof {
  const grant = findKey(parsed.claims, parsed.cose, context.trust, context.now);
  if (!grant.ok) return grant;
  const known = parsed.known?.issuerKey === grant.key.key ? parsed.known : null;
  if (!known && !issuerSigned(grant.key, parsed.cose)) {
    return refused('BAD_SIGNATURE', 'issuer', checkWord('issuerSignature'));
  }
  const { holder } = parsed;
  const holderKey = known?.holderKey ?? holderKeyOf(holder);
  const alg = holder.curve === 'P-256' ? algorithms.ES256 : algorithms.EdDSA;
  if (!holderKey || !signatureHolds(alg, holderKey, parsed.signed, parsed.signature)) {
    return refused('BAD_SIGNATURE', 'holder', checkWord('holderSignature'));
  }
  if (!known && grant.key.key) {
    context.cache.add(parsed.credentialKey, {
      claims: parsed.claims,
      cose: parsed.cose,
      holderKey,
      issuerKey: grant.key.key,
    });
  }
  return { ok: true, outcome: outcomeOf(parsed, grant, context) };
}

/** Null for a point off the curve or of small order: no signature can hold under it. */
const holderKeyOf = (holder: HolderKey): KeyObject | null =>
  holder.curve === 'Ed25519' ? ed25519Key(holder.x) : p256Key(concat(Uint8Array.of(holder.ySign ? 3 : 2), holder.x));

function outcomeOf(parsed: HolderSignedParsed, grant: Grant, { limits }: VerifyContext): Outcome {
  const exp = effectiveExp(parsed.claims, grant.record);
  const { iat, counter } = parsed.presentation;
  const maxAge = maxAgeOf(parsed.claims, grant.record, limits);
  return frozenOutcome({
    format: parsed.format,
    kid: parsed.cose.kid,
    digest: parsed.digest,
    evidence: parsed.evidence,
    presentation: { iat: unixSeconds(iat), counter },
    exp,
    freshUntil: unixSeconds(Math.min(exp, iat + maxAge + 1)),
    ...outcomeOfClaims(parsed.claims, grant),
  });
}

/** An issuer cannot grant itself a longer age by writing a larger number. */
function maxAgeOf(claims: Claims, record: IssuerRecord, limits: VerifyLimits): number {
  const most = claims.kind === 'badge' ? limits.badgeAgeMaxSeconds : limits.presentationAgeMaxSeconds;
  return Math.min(claims.presentationMaxAgeSeconds ?? most, record.presentationMaxAgeSeconds ?? most, most);
}

const outsideLife = refused('STALE_CODE', 'outside the life of its credential', checkWord('staleCode'));
const isU32 = (value: CborValue | undefined): value is number =>
  typeof value === 'number' && value >= 0 && value <= 0xffff_ffff;

function decodedOrNull(bytes: Bytes): CborValue {
  try {
    return decodeCbor(bytes, tokenProfile);
  } catch {
    return null;
  }
}
