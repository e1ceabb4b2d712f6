// The fixed order of verification, steps 1 to 9: the first step that fails gives the one reason. Formats
// plug in; none can skip or reorder a step.

import type { MonoMs, UnixSeconds } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import { type CheckName, checkWord, hasCheck } from '../core/check-words.ts';
import type { Moment } from '../core/trusted-time.ts';
import { seconds } from './admission.ts';
import { type Denial, type DenyLookup, type DenyType, denies } from './deny.ts';
import { malformed } from './native-text.ts';
import type { Outcome, TokenReason, Verdict } from './outcome.ts';
import type { ReplayLookup } from './replay-ring.ts';
import { sb1 } from './sb1.ts';
import { sp1 } from './sp1.ts';
import { st1 } from './st1.ts';
import { type Parsed, type Refused, refused, type TokenVerifier, type VerifyContext } from './verifier.ts';

/** Formats in the order in which they are asked; the first to claim the bytes owns them. */
export const nativeFormats: readonly TokenVerifier[] = [sp1, st1, sb1];

/** A status list answers 0 for valid, another number for revoked, and null where it cannot know. */
export type StatusLookup = (list: string, index: number, iat: UnixSeconds) => number | null;

export interface Lookups {
  readonly ring: ReplayLookup;
  /** Null before the first deny list: the machine decides what that is worth. */
  readonly deny: DenyLookup | null;
  readonly status: StatusLookup;
  /** Called with what a format threw: a defect of Stile, answered DEVICE_FAULT. */
  readonly defect: (format: string, error: unknown) => void;
}

/** Two reads of the same code closer together than this are one. */
const sameReadMs = 3_000;
/** The largest QR code holds no more. */
export const codeBytesMax = 2_953;

/** `raw` is the content of one code as the reader gave it. Never throws. */
export function verifyCode(
  raw: Bytes,
  atMonoMs: MonoMs,
  context: VerifyContext,
  lookups: Lookups,
  formats: readonly TokenVerifier[] = nativeFormats,
): Verdict {
  const trail = new Trail();
  trail.examine('malformed');
  if (raw.length > codeBytesMax) return trail.refuse(malformed(`longer than ${codeBytesMax} bytes`));
  let asked = 'probe';
  try {
    const format = formats.find((candidate) => {
      asked = candidate.id;
      return candidate.probe(raw);
    });
    if (!format) return trail.refuse(refused('UNSUPPORTED_FORMAT', 'no format claims it'));
    return decide(raw, atMonoMs, format, context, lookups, trail);
  } catch (error) {
    lookups.defect(asked, error);
    return trail.refuse(refused('DEVICE_FAULT', 'verifier defect'));
  }
}

/** What steps 3 and 4 look at, in their order: a refusal says how far it came. */
const admissionChecks = [
  'issuerOrKeyUnknown',
  'keyExpired',
  'notYetValid',
  'expired',
  'staleCode',
  'clockUntrusted',
] as const;
const admissionWord = checkWord(...admissionChecks);

function decide(
  raw: Bytes,
  atMonoMs: MonoMs,
  format: TokenVerifier,
  context: VerifyContext,
  lookups: Lookups,
  trail: Trail,
): Verdict {
  const unwrapped = format.unwrap(raw);
  if (!unwrapped.ok) return trail.refuse(unwrapped);
  const parsing = format.parse(unwrapped.evidence, context.cache);
  if (!parsing.ok) return trail.refuse(parsing);
  const { parsed } = parsing;
  trail.parsed = parsed;
  const admission = format.admit(parsed, context);
  trail.examineUpTo(admissionChecks, admission.ok ? 0 : admission.found & admissionWord);
  if (!admission.ok) {
    if (namesTime(admission.reason)) trail.outcome = genuineOutcome(format, parsed, context);
    return trail.refuse(admission);
  }
  trail.examine('dependsOnUncertainty', 'listsPastSoftAge', 'listsPastHardAge');
  trail.found |= admission.found | trustListAge(context);
  trail.examine('replayHere');
  const seen = hasRing(parsed) ? lookups.ring.find(parsed.digest, atMonoMs) : null;
  if (seen) {
    const reason = atMonoMs - seen.atMonoMs < sameReadMs ? 'REPEAT' : 'REPLAYED';
    return trail.refuse(refused(reason, 'accepted here before', checkWord('replayHere')));
  }
  const proof = format.prove(parsed, context);
  const signatures = format.holderSigned
    ? (['issuerSignature', 'holderSignature'] as const)
    : (['issuerSignature'] as const);
  trail.examineUpTo(signatures, proof.ok ? 0 : proof.found);
  if (!proof.ok) return trail.refuse(proof);
  return judgeLists(proof.outcome, context, lookups, trail);
}

/** Whoever comes too early or too late is told when: the one refusal whose message needs a claim of the code. */
const namesTime = (reason: TokenReason): boolean => reason === 'NOT_YET_VALID' || reason === 'EXPIRED';

/** Steps 6 and 7 without a word of their own: the reason stays that of the earlier step, forged or not. */
function genuineOutcome(format: TokenVerifier, parsed: Parsed, context: VerifyContext): Outcome | null {
  const proof = format.prove(parsed, context);
  return proof.ok ? proof.outcome : null;
}

/** A trust list past its end still serves, flagged; past its grace only what has nothing to lose goes on. */
function trustListAge({ trust, now, limits }: VerifyContext): number {
  const at = seconds(now).earliest;
  if (at < trust.exp) return 0;
  return at < trust.exp + limits.trustGraceSeconds
    ? checkWord('listsPastSoftAge')
    : checkWord('listsPastSoftAge', 'listsPastHardAge');
}

/** Steps 8 and 9. */
function judgeLists(outcome: Outcome, context: VerifyContext, lookups: Lookups, trail: Trail): Verdict {
  trail.outcome = outcome;
  const { deny } = lookups;
  if (deny) {
    trail.examine('denied');
    const denial = denialOf(outcome, deny, context.now);
    if (!denial.certain) trail.found |= checkWord('dependsOnUncertainty');
    if (denial.denied) return trail.refuse(refused('DENIED', 'deny list', checkWord('denied')));
  }
  if (outcome.status) {
    trail.examine('revoked', 'noStatusOrNoList');
    const { list, index } = outcome.status;
    const status = list === null ? null : lookups.status(list, index, outcome.iat);
    if (status === null) trail.found |= checkWord('noStatusOrNoList');
    else if (status !== 0) return trail.refuse(refused('REVOKED', 'status list', checkWord('revoked')));
  }
  const denyAgeSeconds = deny ? Math.max(0, seconds(context.now).latest - deny.issuedAt) : null;
  return { accepted: true, outcome, done: trail.done, found: trail.found >>> 0, denyAgeSeconds };
}

/** By account and by token id; a certain denial outweighs one that the clock decides. */
function denialOf(outcome: Outcome, deny: DenyLookup, now: Moment): Denial {
  const subjects: readonly (readonly [DenyType, Bytes | null])[] = [
    [1, outcome.subject],
    [2, outcome.cti],
  ];
  const denials = subjects.flatMap(([type, id]) => {
    const entry = id ? deny.find(outcome.issuer, type, id) : null;
    return entry ? [denies(entry, outcome.iat, now)] : [];
  });
  return {
    denied: denials.some(({ denied }) => denied),
    certain: denials.every(({ certain }) => certain) || denials.some(({ denied, certain }) => denied && certain),
  };
}

/** Tickets and loans have no ring: the use ledger decides about them. */
const hasRing = ({ kind }: Parsed): boolean => kind !== 'ticket' && kind !== 'loan';

/** What has been examined and found so far, as the two check words. */
class Trail {
  done = 0;
  found = 0;
  parsed: Parsed | null = null;
  outcome: Outcome | null = null;

  examine(...names: readonly CheckName[]): void {
    this.done = (this.done | checkWord(...names)) >>> 0;
  }

  /** `names` in their order as far as the first that is in `found`: what follows was not looked at. */
  examineUpTo(names: readonly CheckName[], found: number): void {
    const last = names.findIndex((name) => hasCheck(found, name));
    this.examine(...(last < 0 ? names : names.slice(0, last + 1)));
  }

  refuse({ reason, detail, found }: Refused): Verdict {
    return {
      accepted: false,
      reason: reason satisfies TokenReason,
      detail,
      done: this.done,
      found: (this.found | found) >>> 0,
      issuer: this.parsed?.issuer ?? null,
      digest: this.parsed?.digest ?? null,
      outcome: this.outcome,
    };
  }
}
