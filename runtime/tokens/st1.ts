// Format `ST1:` + Base45(COSE_Sign1): tokens of one signature. An account credential comes this way from
// the issuer to the phone, but shown alone it is no ticket: STALE_CODE.
import { createHash } from 'node:crypto';
import { unixSeconds } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import { type CborValue, decodeCbor, tokenProfile } from '../core/cbor.ts';
import { checkWord } from '../core/check-words.ts';
import { admitToken, effectiveExp, findKey } from './admission.ts';
import { decodeBase45 } from './base45.ts';
import { type Claims, decodeClaims } from './claims.ts';
import { type Cose1, hasForeignAlgorithm, noExternalData, readCose1, signedBytes } from './cose.ts';
import { signatureHolds } from './keys.ts';
import type { Outcome } from './outcome.ts';
import type { IssuerRecord } from './trust-view.ts';
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

/** `SP1:` is the longest native code. */
export const tokenCharactersMax = 604;
export const prefixLength = 4;

export interface ParsedSt1 extends Parsed {
  readonly format: 'st1';
  readonly claims: Claims;
  readonly cose: Cose1;
  readonly evidence: Bytes;
  /** The issuer's Sig_structure. */
  readonly signed: Bytes;
}

export const st1: TokenVerifier<ParsedSt1> = {
  id: 'st1',
  probe: (raw) => hasPrefix(raw, 'ST1:'),
  parse: (raw) => {
    const evidence = bodyOf(raw);
    return 'ok' in evidence ? evidence : parseSt1(evidence);
  },
  admit,
  prove,
};

/** Steps 1 and 2 from the binary token on: what the head end repeats on evidence. */
export function parseSt1(evidence: Bytes): Parsing<ParsedSt1> {
  const signedToken = parseSigned(evidence);
  if (!signedToken.ok) return signedToken;
  const { claims, cose } = signedToken;
  const signed = signedBytes(cose.protectedHeader, noExternalData, cose.payload);
  const digest = new Uint8Array(createHash('sha256').update(signed).digest());
  return {
    ok: true,
    parsed: {
      format: 'st1',
      kind: claims.kind,
      issuer: claims.issuer,
      kid: cose.kid,
      digest,
      claims,
      cose,
      evidence,
      signed,
    },
  };
}

/** COSE envelope and claims of one signed token. */
export function parseSigned(
  bytes: Bytes,
): { readonly ok: true; readonly claims: Claims; readonly cose: Cose1 } | Refused {
  const cose = readCose1(bytes, tokenProfile);
  if (!cose) {
    return hasForeignAlgorithm(bytes, tokenProfile)
      ? refused('UNSUPPORTED_FORMAT', 'unknown signature algorithm')
      : malformed('not a native COSE_Sign1');
  }
  let payload: CborValue;
  try {
    payload = decodeCbor(cose.payload, tokenProfile);
  } catch {
    return malformed('payload is not strict CBOR');
  }
  const read = decodeClaims(payload);
  if (read.ok) return { ok: true, claims: read.claims, cose };
  return refused(read.reason, read.detail, read.reason === 'MALFORMED' ? checkWord('malformed') : 0);
}

/** The binary token behind prefix and Base45, within the bounds of the text. */
export function bodyOf(raw: Bytes): Bytes | Refused {
  if (raw.length > tokenCharactersMax) return malformed(`longer than ${tokenCharactersMax} characters`);
  return decodeBase45(raw, prefixLength) ?? malformed('not Base45');
}

export const hasPrefix = (raw: Bytes, prefix: string): boolean =>
  raw.length > prefix.length && [...prefix].every((letter, at) => raw[at] === letter.charCodeAt(0));

export const malformed = (detail: string): Refused => refused('MALFORMED', detail, checkWord('malformed'));

function admit(parsed: ParsedSt1, context: VerifyContext): Admission {
  const grant = findKey(parsed.claims, parsed.cose, context.trust, context.now);
  if (!grant.ok) return grant;
  if (parsed.claims.kind === 'account')
    return refused('STALE_CODE', 'a credential without a presentation', checkWord('staleCode'));
  return admitToken(parsed.claims, grant.record, context.now, context.limits);
}

function prove(parsed: ParsedSt1, context: VerifyContext): Proof {
  const grant = findKey(parsed.claims, parsed.cose, context.trust, context.now);
  if (!grant.ok) return grant;
  const { cose, signed } = parsed;
  if (!signatureHolds(cose.alg, grant.key.key, signed, cose.signature)) {
    return refused('BAD_SIGNATURE', 'issuer', checkWord('issuerSignature'));
  }
  return { ok: true, outcome: outcomeOf(parsed, grant.record, grant.key.statusList) };
}

function outcomeOf(parsed: ParsedSt1, record: IssuerRecord, statusList: string | null): Outcome {
  const exp = effectiveExp(parsed.claims, record);
  return Object.freeze({
    format: parsed.format,
    kid: parsed.kid,
    digest: parsed.digest,
    evidence: parsed.evidence,
    presentation: null,
    exp,
    freshUntil: exp,
    ...outcomeOfClaims(parsed.claims, record, statusList),
  });
}

/** The part of an outcome that follows from the issuer's claims alone. */
export function outcomeOfClaims(
  claims: Claims,
  record: IssuerRecord,
  statusList: string | null,
): Pick<Outcome, 'issuer' | 'kind' | 'subject' | 'cti' | 'iat' | 'nbf' | 'limits' | 'status' | 'language'> {
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
    status:
      claims.statusIndex !== undefined && statusList !== null ? { list: statusList, index: claims.statusIndex } : null,
    language: claims.language ?? null,
  };
}
