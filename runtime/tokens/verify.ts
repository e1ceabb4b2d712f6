// The fixed order of verification, steps 1 to 9: the first step that fails gives the one reason. Formats
// plug in; none can skip or reorder a step.

import type { MonoMs, UnixSeconds } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import { type CheckName, checkWord } from '../core/check-words.ts';
import { seconds } from './admission.ts';
import { type DenyLookup, type DenyType, denies } from './deny.ts';
import type { Outcome, TokenReason, Verdict } from './outcome.ts';
import type { ReplayLookup } from './replay-ring.ts';
import { sp1 } from './sp1.ts';
import { st1 } from './st1.ts';
import type { Parsed, Refused, TokenVerifier, VerifyContext } from './verifier.ts';

/** Formats in the order in which they are asked; the first to claim the bytes owns them. */
export const nativeFormats: readonly TokenVerifier[] = [sp1, st1];

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
const rawBytesMax = 4_096;

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
  if (raw.length > rawBytesMax)
    return trail.refuse({ ok: false, reason: 'MALFORMED', detail: 'too long', found: checkWord('malformed') });
  const format = formats.find((candidate) => candidate.probe(raw));
  if (!format)
    return trail.refuse({ ok: false, reason: 'UNSUPPORTED_FORMAT', detail: 'no format claims it', found: 0 });
  try {
    return decide(raw, atMonoMs, format, context, lookups, trail);
  } catch (error) {
    lookups.defect(format.id, error);
    return trail.refuse({ ok: false, reason: 'DEVICE_FAULT', detail: 'verifier defect', found: 0 });
  }
}

function decide(
  raw: Bytes,
  atMonoMs: MonoMs,
  format: TokenVerifier,
  context: VerifyContext,
  lookups: Lookups,
  trail: Trail,
): Verdict {
  const parsing = format.parse(raw, context.cache);
  if (!parsing.ok) return trail.refuse(parsing);
  const { parsed } = parsing;
  trail.parsed = parsed;
  trail.examine(
    'issuerOrKeyUnknown',
    'keyExpired',
    'notYetValid',
    'expired',
    'staleCode',
    'dependsOnUncertainty',
    'clockUntrusted',
  );
  const admission = format.admit(parsed, context);
  if (!admission.ok) return trail.refuse(admission);
  trail.found |= admission.found;
  trail.examine('replayHere');
  const seen = hasRing(parsed) ? lookups.ring.find(parsed.digest, atMonoMs) : null;
  if (seen) {
    const reason = atMonoMs - seen.atMonoMs < sameReadMs ? 'REPEAT' : 'REPLAYED';
    return trail.refuse({ ok: false, reason, detail: 'accepted here before', found: checkWord('replayHere') });
  }
  trail.examine('issuerSignature');
  if (parsed.format === 'sp1') trail.examine('holderSignature');
  const proof = format.prove(parsed, context);
  if (!proof.ok) return trail.refuse(proof);
  return judgeLists(proof.outcome, context, lookups, trail);
}

/** Steps 8 and 9. */
function judgeLists(outcome: Outcome, context: VerifyContext, lookups: Lookups, trail: Trail): Verdict {
  trail.outcome = outcome;
  const { deny } = lookups;
  if (deny) {
    trail.examine('denied');
    if (isDenied(outcome, deny, context)) {
      return trail.refuse({ ok: false, reason: 'DENIED', detail: 'deny list', found: checkWord('denied') });
    }
  }
  if (outcome.status) {
    trail.examine('revoked', 'noStatusOrNoList');
    const status = lookups.status(outcome.status.list, outcome.status.index, outcome.iat);
    if (status === null) trail.found |= checkWord('noStatusOrNoList');
    else if (status !== 0)
      return trail.refuse({ ok: false, reason: 'REVOKED', detail: 'status list', found: checkWord('revoked') });
  }
  const denyAgeSeconds = deny ? Math.max(0, seconds(context.now).latest - deny.issuedAt) : null;
  return { accepted: true, outcome, done: trail.done, found: trail.found >>> 0, denyAgeSeconds };
}

function isDenied(outcome: Outcome, deny: DenyLookup, context: VerifyContext): boolean {
  const subjects: readonly (readonly [DenyType, Bytes | null])[] = [
    [1, outcome.subject],
    [2, outcome.cti],
  ];
  return subjects.some(([type, id]) => {
    const entry = id ? deny.find(outcome.issuer, type, id) : null;
    return entry !== null && denies(entry, outcome.iat, context.now);
  });
}

/** Tickets and loans have no ring: the use ledger decides about them. */
const hasRing = (parsed: Parsed): boolean => parsed.kind === 'account' || parsed.kind === 'bearer';

/** What has been examined and found so far, as the two check words. */
class Trail {
  done = 0;
  found = 0;
  parsed: Parsed | null = null;
  outcome: Outcome | null = null;

  examine(...names: readonly CheckName[]): void {
    this.done = (this.done | checkWord(...names)) >>> 0;
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
