// Whether a verified ticket is good here and now: times, scope and uses, in the fixed order. The first step that
// fails gives the one reason; a reason that staff have overridden is passed over.
import { type MonoMs, secondsOf, type WallMs, wallMs } from '../../core/brand.ts';
import { equal } from '../../core/bytes.ts';
import { checkWord } from '../../core/check-words.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import { type AccessProduct, type AccessRules, checksAt, type RuleStep } from '../../rules/access-rules.ts';
import { holds, needsClock, type Question } from '../../rules/condition.ts';
import { noEntries } from '../../rules/entry-history.ts';
import { isHeldElsewhere, type TicketUse } from '../shared/use-ledger.ts';
import { windowTime } from '../shared/window-time.ts';
import type { GateLaneFacts } from './facts.ts';
import type { Candidate } from './state.ts';

export type Judgement = { readonly done: number; readonly found: number } & (
  | { readonly kind: 'clear'; readonly product: AccessProduct; readonly uses: number; readonly rest: number }
  | {
      readonly kind: 'refusal';
      readonly reason: ReasonCode;
      /** The time the message names. */
      readonly time: WallMs | null;
      /** The rule that refused, for the row. */
      readonly rule: string | null;
    }
);

interface Refusal {
  readonly reason: ReasonCode;
  readonly time?: WallMs | null;
  readonly rule?: string;
}

/** A ticket in doubt may be used once more; at the second doubt staff decide. */
const doubtsMax = 2;

const timesWord = checkWord('notYetValid', 'expired', 'dependsOnUncertainty', 'clockUntrusted');
const scopeWord = checkWord('outOfScope');
const usesWord = checkWord('usesOrPassback');

/** `use` is what is known of the ticket, on this lane or on its home lane. */
export function judge(
  candidate: Candidate,
  rules: AccessRules,
  use: TicketUse | null,
  at: { readonly atMonoMs: MonoMs; readonly bootMonoMs: MonoMs },
  facts: GateLaneFacts,
): Judgement {
  const { outcome } = candidate;
  const product = rules.products.get(outcome.limits.product ?? -1);
  const question = questionOf(candidate, rules, use, facts);
  let done = (candidate.done | timesWord) >>> 0;
  let found = (candidate.found | timesFound(candidate, product, facts)) >>> 0;

  const times = timesRefusal(candidate, product, facts) ?? ruleRefusal(candidate, product, 'times', question, facts);
  if (times !== null) return refusal(times, done, found | timesWordOf(times.reason));

  done = (done | scopeWord) >>> 0;
  const scope =
    scopeRefusal(candidate, rules, product, facts) ?? ruleRefusal(candidate, product, 'scope', question, facts);
  if (scope !== null) return refusal(scope, done, found | scopeWord);
  if (product === undefined) return refusal({ reason: 'WRONG_PRODUCT' }, done, found | scopeWord);

  done = (done | usesWord) >>> 0;
  const uses = product.entries ?? outcome.limits.uses;
  const spent =
    usesRefusal(candidate, product, uses, use, at, facts) ?? ruleRefusal(candidate, product, 'uses', question, facts);
  if (spent !== null) return refusal(spent, done, found | usesWord);
  if (use !== null && use.doubts > 0) found = (found | usesWord) >>> 0;
  const rest = product.people === 'group' ? uses - (use?.entries ?? 0) : 1;
  return { kind: 'clear', product, uses, rest, done, found };
}

/** The interval that holds the true time, whole seconds. */
function secondsAround({ moment }: GateLaneFacts): { readonly earliest: number; readonly latest: number } {
  return {
    earliest: Math.max(Math.floor((moment.wallMs - moment.uncertaintyMs) / 1000), Math.floor(moment.floorMs / 1000)),
    latest: Math.floor((moment.wallMs + moment.uncertaintyMs) / 1000),
  };
}

/** First second in the window, and first second after it, graces included. */
function windowOf(candidate: Candidate, product: AccessProduct | undefined): readonly [number, number] {
  const { nbf, exp } = candidate.outcome;
  const lastSecond = product?.endInclusive === true ? 1 : 0;
  return [(nbf ?? 0) - (product?.graceBeforeSeconds ?? 0), exp + (product?.graceAfterSeconds ?? 0) + lastSecond];
}

function timesRefusal(candidate: Candidate, product: AccessProduct | undefined, facts: GateLaneFacts): Refusal | null {
  const [from, to] = windowOf(candidate, product);
  const refused = (reason: ReasonCode): Refusal => ({ reason, time: windowTime(reason, candidate.outcome) });
  const { earliest, latest } = secondsAround(facts);
  if (facts.moment.state === 'UNTRUSTED') {
    const floor = Math.floor(facts.moment.floorMs / 1000);
    if (to <= floor) return refused('EXPIRED');
    const spans = from <= floor && to >= floor + facts.config.wideValiditySeconds;
    return spans || waived(candidate, 'CLOCK_UNTRUSTED') ? null : { reason: 'CLOCK_UNTRUSTED' };
  }
  if (from > latest) return refused('NOT_YET_VALID');
  return to <= earliest ? refused('EXPIRED') : null;
}

function timesFound(candidate: Candidate, product: AccessProduct | undefined, facts: GateLaneFacts): number {
  if (facts.moment.state === 'UNTRUSTED') return checkWord('clockUntrusted', 'dependsOnUncertainty');
  const [from, to] = windowOf(candidate, product);
  const { earliest, latest } = secondsAround(facts);
  return from <= earliest && to > latest ? 0 : checkWord('dependsOnUncertainty');
}

const timesWordOf = (reason: ReasonCode): number =>
  reason === 'NOT_YET_VALID'
    ? checkWord('notYetValid')
    : reason === 'EXPIRED'
      ? checkWord('expired')
      : checkWord('clockUntrusted');

/** The key that signed may be bound to sites or gate lanes; then the ticket itself says where it is good. */
function scopeRefusal(
  candidate: Candidate,
  rules: AccessRules,
  product: AccessProduct | undefined,
  facts: GateLaneFacts,
): Refusal | null {
  const { kind, limits } = candidate.outcome;
  const { gate } = facts.config;
  const places = [String(rules.site), gate];
  const bound = candidate.outcome.scope;
  if (bound.length > 0 && !bound.some((place) => places.includes(place))) return { reason: 'WRONG_SITE' };
  if (limits.site !== null && limits.site !== rules.site) return { reason: 'WRONG_SITE' };
  const group = rules.gates.find(({ id }) => id === gate)?.group ?? null;
  if (limits.gates !== null && (group === null || !hasBit(limits.gates, group))) return { reason: 'WRONG_GATE' };
  if (kind !== 'ticket' || product === undefined) return { reason: 'WRONG_PRODUCT' };
  if (product.gates !== null && !product.gates.includes(gate)) return { reason: 'WRONG_GATE' };
  const identified = candidate.identityMatched === true || waived(candidate, 'ID_REQUIRED');
  if (product.identityRequired && !identified) return { reason: 'ID_REQUIRED' };
  return product.proofRequired && !waived(candidate, 'PROOF_REQUIRED') ? { reason: 'PROOF_REQUIRED' } : null;
}

/** Bit 0 is the lowest bit of byte 0. */
const hasBit = (bitmap: Uint8Array, bit: number): boolean => (((bitmap[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;

function usesRefusal(
  candidate: Candidate,
  product: AccessProduct,
  uses: number,
  use: TicketUse | null,
  { atMonoMs, bootMonoMs }: { readonly atMonoMs: MonoMs; readonly bootMonoMs: MonoMs },
  facts: GateLaneFacts,
): Refusal | null {
  if (use === null) return null;
  const time = use.lastEntryAt === null ? null : wallMs(use.lastEntryAt * 1000);
  const now = { bootId: facts.bootId, monoMs: atMonoMs, bootMonoMs };
  if (isHeldElsewhere(use, now, facts.config.claimTtlMs)) return { reason: 'ALREADY_USED', time };
  if (use.entries >= uses) return { reason: 'ALREADY_USED', time };
  if (product.people === 'one') {
    if (sinceEntryMs(use, atMonoMs, facts) < product.minimumGapSeconds * 1000) return { reason: 'PASSBACK', time };
    const inside = product.reentry === 'afterExit' && use.entries > use.exits;
    if (inside && !waived(candidate, 'REENTRY_NEEDS_EXIT')) return { reason: 'REENTRY_NEEDS_EXIT', time };
  }
  const doubtful = use.doubts >= doubtsMax && !waived(candidate, 'REENTRY_NEEDS_EXIT');
  return doubtful ? { reason: 'REENTRY_NEEDS_EXIT', time } : null;
}

/** Monotonic within one boot; between boots only the wall clock knows. */
function sinceEntryMs(use: TicketUse, atMonoMs: MonoMs, { bootId, moment }: GateLaneFacts): number {
  if (use.lastEntryAt === null) return Number.POSITIVE_INFINITY;
  const { lastEntry } = use;
  const elapsedMs =
    lastEntry !== null && equal(lastEntry.bootId, bootId)
      ? atMonoMs - lastEntry.monoMs
      : moment.wallMs - use.lastEntryAt * 1000;
  return Math.max(0, elapsedMs);
}

function ruleRefusal(
  candidate: Candidate,
  product: AccessProduct | undefined,
  step: RuleStep,
  question: Question,
  facts: GateLaneFacts,
): Refusal | null {
  if (product === undefined) return null;
  for (const { name, allow, reason } of checksAt(product, step)) {
    if (facts.moment.state === 'UNTRUSTED' && needsClock(allow)) {
      if (!waived(candidate, 'CLOCK_UNTRUSTED')) return { reason: 'CLOCK_UNTRUSTED', rule: name };
    } else if (!holds(allow, question) && !waived(candidate, reason)) {
      return { reason, rule: name };
    }
  }
  return null;
}

const questionOf = (
  candidate: Candidate,
  rules: AccessRules,
  use: TicketUse | null,
  { moment, config }: GateLaneFacts,
): Question => ({
  now: secondsOf(moment.wallMs),
  uncertaintySeconds: Math.ceil(moment.uncertaintyMs / 1000),
  calendar: rules.calendar,
  product: candidate.outcome.limits.product,
  gate: config.gate,
  history: use ?? noEntries,
});

const waived = (candidate: Candidate, reason: ReasonCode): boolean => candidate.waived.includes(reason);

const refusal = ({ reason, time, rule }: Refusal, done: number, found: number): Judgement => ({
  kind: 'refusal',
  reason,
  time: time ?? null,
  rule: rule ?? null,
  done: done >>> 0,
  found: found >>> 0,
});
