// Format `ST1:` + Base45(COSE_Sign1): tokens of one signature. An account credential comes this way from
// the issuer to the phone, but shown alone it is no ticket: STALE_CODE.
import { unixSeconds } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import { type CborValue, decodeCbor, tokenProfile } from '../core/cbor.ts';
import { checkWord } from '../core/check-words.ts';
import { sha256 } from '../core/sha256.ts';
import { admitToken, effectiveExp, findKey, type Grant, issuerSigned } from './admission.ts';
import { type Claims, decodeClaims } from './claims.ts';
import { type Cose1, examineCose1, noExternalData, signedBytes } from './cose.ts';
import { claimsPrefix, malformed, unwrapText } from './native-text.ts';
import { frozenOutcome, type Outcome } from './outcome.ts';
import { rolesOf } from './staff-roles.ts';
import {
  type Admission,
  type Parsed,
  type Parsing,
  type Proof,
  type Refused,
  refused,
  type TokenVerifier,
  type VerifyContext,
} from './verifier.ts';

const prefix = 'ST1:';

export interface ParsedSt1 extends Parsed {
  readonly format: 'st1';
  readonly claims: Claims;
  readonly cose: Cose1;
  readonly evidence: Bytes;
}

export const st1: TokenVerifier<ParsedSt1> = {
  id: 'st1',
  holderSigned: false,
  probe: (raw) => claimsPrefix(raw, prefix),
  unwrap: (raw) => unwrapText(raw, prefix),
  parse: parseSt1,
  admit,
  prove,
};

/** Steps 1 and 2 from the binary token on. */
export function parseSt1(evidence: Bytes): Parsing<ParsedSt1> {
  const signedToken = parseSigned(evidence);
  if (!signedToken.ok) return signedToken;
  const { claims, cose } = signedToken;
  const signed = signedBytes(cose.protectedHeader, noExternalData, cose.payload);
  const digest = sha256(signed);
  return {
    ok: true,
    parsed: {
      format: 'st1',
      kind: claims.kind,
      issuer: claims.issuer,
      digest,
      claims,
      cose,
      evidence,
    },
  };
}

/** COSE envelope and claims of one signed token. */
export function parseSigned(
  bytes: Bytes,
): { readonly ok: true; readonly claims: Claims; readonly cose: Cose1 } | Refused {
  const cose = examineCose1(bytes, tokenProfile);
  if (cose === 'unknown algorithm') return refused('UNSUPPORTED_FORMAT', 'unknown signature algorithm');
  if (cose === 'malformed') return malformed('not a native COSE_Sign1');
  let payload: CborValue;
  try {
    payload = decodeCbor(cose.payload, tokenProfile);
  } catch {
    return malformed('payload is not strict CBOR');
  }
  const read = decodeClaims(payload);
  if (read.ok) return { ok: true, claims: read.claims, cose };
  return read.reason === 'MALFORMED' ? malformed(read.detail) : refused(read.reason, read.detail);
}

function admit(parsed: ParsedSt1, context: VerifyContext): Admission {
  const grant = findKey(parsed.claims, parsed.cose, context.trust, context.now);
  if (!grant.ok) return grant;
  // Of all kinds, those that name a holder's key are shown with its signature, or not at all.
  if (parsed.claims.holder !== undefined)
    return refused('STALE_CODE', 'a credential without a presentation', checkWord('staleCode'));
  return admitToken(parsed.claims, grant.record, context.now, context.limits);
}

function prove(parsed: ParsedSt1, context: VerifyContext): Proof {
  const grant = findKey(parsed.claims, parsed.cose, context.trust, context.now);
  if (!grant.ok) return grant;
  if (!issuerSigned(grant.key, parsed.cose)) return refused('BAD_SIGNATURE', 'issuer', checkWord('issuerSignature'));
  const exp = effectiveExp(parsed.claims, grant.record);
  const { format, cose, digest, evidence } = parsed;
  const own = { format, kid: cose.kid, digest, evidence, presentation: null, exp, freshUntil: exp };
  return { ok: true, outcome: frozenOutcome({ ...own, ...outcomeOfClaims(parsed.claims, grant) }) };
}

/** The part of an outcome that follows from the issuer's claims alone. */
export function outcomeOfClaims(
  claims: Claims,
  { record, key }: Grant,
): Pick<
  Outcome,
  'issuer' | 'kind' | 'subject' | 'cti' | 'iat' | 'nbf' | 'limits' | 'scope' | 'status' | 'language' | 'staff'
> {
  const caps = [claims.fareCapMinor, record.fareCapMinor ?? undefined].filter((cap) => cap !== undefined);
  return {
    issuer: claims.issuer,
    kind: claims.kind,
    subject: claims.account ?? null,
    cti: claims.cti ?? null,
    iat: unixSeconds(claims.iat),
    nbf: claims.nbf ?? null,
    limits: {
      fareCapMinor: caps.length > 0 ? Math.min(...caps) : null,
      currency: record.currency,
      uses: claims.admissions ?? 1,
      site: claims.site ?? null,
      gates: claims.gates ?? null,
      product: claims.product ?? null,
      loanMaxSeconds: claims.loanMaxSeconds ?? null,
      depositMinor: claims.depositMinor ?? null,
    },
    scope: key.scope,
    status: claims.statusIndex === undefined ? null : { list: key.statusList, index: claims.statusIndex },
    language: claims.language ?? null,
    ...(claims.roles !== undefined && {
      staff: { roles: rolesOf(claims.roles), terminal: claims.terminal ?? null },
    }),
  };
}
