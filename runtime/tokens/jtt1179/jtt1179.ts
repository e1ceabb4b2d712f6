// Format JT/T 1179-2018: the transit codes of Chinese cities, raw bytes in the QR code's byte mode. Three SM2
// signatures: the CA's over the issuer's certificate, the issuer's over the authorisation, the phone's over
// the code. The first two are checked once and remembered.
import { createHash } from 'node:crypto';
import { unixSeconds } from '../../core/brand.ts';
import { type Bytes, concat, hex, utf8 } from '../../core/bytes.ts';
import { checkWord } from '../../core/check-words.ts';
import { clockUntrusted, seconds, testBounds } from '../admission.ts';
import type { CredentialCache } from '../credential-cache.ts';
import { sm2WithSm3 } from '../keys.ts';
import { malformed } from '../native-text.ts';
import { frozenOutcome } from '../outcome.ts';
import { type IssuerKey, type IssuerRecord, kindBits, type TrustView } from '../trust-view.ts';
import {
  type Admission,
  type Parsed,
  type Parsing,
  type Proof,
  type Refused,
  refused,
  type TokenVerifier,
  type VerifyContext,
} from '../verifier.ts';
import { looksLikeTransitCode, readTransitCode, type TransitCode } from './layout.ts';
import { sm2Holds } from './sm2.ts';

export interface ParsedTransit extends Parsed {
  readonly format: 'jtt1179';
  readonly issuer: string;
  readonly code: TransitCode;
  readonly evidence: Bytes;
}

export const jtt1179: TokenVerifier<ParsedTransit> = {
  id: 'jtt1179',
  holderSigned: true,
  probe: looksLikeTransitCode,
  unwrap: (raw) => ({ ok: true, evidence: raw }),
  parse,
  admit,
  prove,
};

/** The CA key of an index as the trust list of this format names it: kid is the index, big-endian. */
export const caKid = (index: number): Bytes => Uint8Array.of(0, 0, 0, index);

function parse(evidence: Bytes): Parsing<ParsedTransit> {
  const code = readTransitCode(evidence);
  if (code === null) return malformed('not a transit code of this layout');
  const digest = sha256(code.presented);
  return {
    ok: true,
    parsed: { format: 'jtt1179', kind: 'account', issuer: code.certificate.issuer, digest, code, evidence },
  };
}

interface Grant {
  readonly ok: true;
  readonly record: IssuerRecord;
  readonly key: IssuerKey;
}

function findCa({ certificate }: TransitCode, trust: TrustView, context: VerifyContext): Grant | Refused {
  const unknown = checkWord('issuerOrKeyUnknown');
  const record = trust.issuer(certificate.issuer);
  if (record?.format !== 'jtt1179') return refused('UNKNOWN_ISSUER', 'issuer is not in the trust list', unknown);
  const key = record.keys.get(hex(caKid(certificate.caIndex)));
  if (key?.alg !== sm2WithSm3 || (key.kinds & kindBits.account) === 0)
    return refused('UNKNOWN_KEY', 'no such CA key', unknown);
  const { latest, floor } = seconds(context.now);
  const at = context.now.state === 'UNTRUSTED' ? floor : latest;
  if (key.gone <= at) return refused('KEY_EXPIRED', 'withdrawn', checkWord('keyExpired'));
  if (certificate.expiry <= at) return refused('KEY_EXPIRED', 'certificate of the issuer', checkWord('keyExpired'));
  return { ok: true, record, key };
}

function admit({ code }: ParsedTransit, context: VerifyContext): Admission {
  const grant = findCa(code, context.trust, context);
  if (!grant.ok) return grant;
  const { now, limits } = context;
  const { authorisationExpiry, generatedAt } = code;
  const maxAge = maxAgeOf(code, grant.record, context);
  const byFloor = (): Admission => admitByFloor(code, maxAge, context);
  if (now.state === 'UNTRUSTED') return byFloor();
  const life = testBounds(
    { notBefore: 0, notAfter: authorisationExpiry, early: 'NOT_YET_VALID', late: 'CREDENTIAL_EXPIRED' },
    now,
  );
  if (!life.ok) return life;
  // Local time is seen in the field, but trying it as well would let a code live eight hours longer.
  const made = { notBefore: generatedAt - limits.skewSeconds, notAfter: generatedAt + maxAge + 1 };
  const fresh = testBounds({ ...made, early: 'STALE_CODE', late: 'STALE_CODE' }, now);
  if (!fresh.ok) return fresh;
  return now.uncertaintyMs > maxAge * 1_000 ? byFloor() : { ok: true, found: life.found | fresh.found };
}

/** Without a clock: the authorisation must outlive the floor by far, and the code must not be older than it. */
function admitByFloor(code: TransitCode, maxAge: number, { now, limits }: VerifyContext): Admission {
  const { floor } = seconds(now);
  const { authorisationExpiry, generatedAt } = code;
  if (authorisationExpiry <= floor)
    return refused('CREDENTIAL_EXPIRED', 'ended before the floor', checkWord('expired'));
  const decides = authorisationExpiry >= floor + limits.wideValiditySeconds && generatedAt >= floor - maxAge;
  if (!decides) return clockUntrusted('the floor does not decide for this code');
  return { ok: true, found: checkWord('clockUntrusted', 'dependsOnUncertainty') };
}

function prove({ code, digest, evidence }: ParsedTransit, context: VerifyContext): Proof {
  const grant = findCa(code, context.trust, context);
  if (!grant.ok) return grant;
  const { record, key } = grant;
  const { certificate } = code;
  const { cache } = context;
  if (
    !once(cache, 'certificate', [key.raw, certificate.whole], () =>
      sm2Holds(key.raw, certificate.signed, certificate.signature),
    )
  ) {
    return refused('BAD_SIGNATURE', 'certificate', checkWord('issuerSignature'));
  }
  const issuerHolds = (): boolean => sm2Holds(certificate.publicKey, code.authorisation, code.issuerSignature);
  if (!once(cache, 'authorisation', [certificate.publicKey, code.authorisation, code.issuerSignature], issuerHolds)) {
    return refused('BAD_SIGNATURE', 'issuer', checkWord('issuerSignature'));
  }
  if (!sm2Holds(code.userKey, code.presented, code.userSignature)) {
    return refused('BAD_SIGNATURE', 'holder', checkWord('holderSignature'));
  }
  const caps = [code.fareCapMinor, record.fareCapMinor ?? code.fareCapMinor];
  const freshUntil = Math.min(code.authorisationExpiry, code.generatedAt + maxAgeOf(code, record, context) + 1);
  return {
    ok: true,
    outcome: frozenOutcome({
      format: 'jtt1179',
      issuer: record.iss,
      kid: key.kid,
      kind: 'account',
      subject: code.account,
      cti: null,
      iat: unixSeconds(0),
      nbf: null,
      exp: unixSeconds(code.authorisationExpiry),
      freshUntil: unixSeconds(freshUntil),
      presentation: { iat: unixSeconds(code.generatedAt), counter: null },
      limits: {
        fareCapMinor: Math.min(...caps),
        currency: record.currency,
        uses: 1,
        site: null,
        gates: null,
        product: code.accountType,
        loanMaxSeconds: null,
        depositMinor: null,
      },
      scope: key.scope,
      status: null,
      language: null,
      digest,
      evidence,
    }),
  };
}

/** A check whose good outcome is remembered under exactly the bytes it looked at. */
function once(cache: CredentialCache, what: string, bytes: readonly Bytes[], check: () => boolean): boolean {
  const key = `${what} ${hex(sha256(concat(utf8(what), ...bytes)))}`;
  if (cache.hasProof(key)) return true;
  if (!check()) return false;
  cache.addProof(key);
  return true;
}

const maxAgeOf = (code: TransitCode, record: IssuerRecord, { limits }: VerifyContext): number =>
  Math.min(
    code.validitySeconds,
    record.presentationMaxAgeSeconds ?? code.validitySeconds,
    limits.presentationAgeMaxSeconds,
  );

const sha256 = (bytes: Bytes): Bytes => new Uint8Array(createHash('sha256').update(bytes).digest());
