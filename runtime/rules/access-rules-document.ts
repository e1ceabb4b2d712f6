// Access rules as they travel: the body of a signed document. Decoding is strict and bounded, because two
// lanes that understand a rule differently let different people in.
import { z } from 'zod';
import { type CborInput, type CborValue, plain } from '../core/cbor.ts';
import { StileError } from '../core/errors.ts';
import { type AccessProduct, type AccessRules, type RuleReason, ruleReasons } from './access-rules.ts';
import type { Condition } from './condition.ts';
import { ConditionRefused, conditionBounds, parseConditions, writeCondition } from './condition-document.ts';
import { isTimeZone, LocalCalendar } from './local-calendar.ts';

export const rulesBounds = {
  gates: 64,
  products: 256,
  checks: 32,
  entries: 1_000,
  gapSeconds: 604_800,
  graceSeconds: 86_400,
} as const;

const u32Max = 0xffff_ffff;
const gateId = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 of A-Z a-z 0-9 _ -');
const reasons = Object.values(ruleReasons).flat() as [RuleReason, ...RuleReason[]];
const grace = z.int().min(0).max(rulesBounds.graceSeconds);

const productSchema = z.strictObject({
  id: z.int().min(0).max(0xffff),
  people: z.enum(['one', 'group']),
  entries: z.int().min(1).max(rulesBounds.entries).nullable(),
  reentry: z.enum(['free', 'afterExit']),
  minimumGap: z.int().min(0).max(rulesBounds.gapSeconds),
  graceBefore: grace,
  graceAfter: grace,
  endInclusive: z.boolean(),
  proofRequired: z.boolean(),
  identityRequired: z.boolean(),
  highValue: z.boolean(),
  gates: z.array(gateId).min(1).max(rulesBounds.gates).nullable(),
  checks: z
    .array(z.strictObject({ allow: z.string().max(conditionBounds.nameCharacters), reason: z.enum(reasons) }))
    .max(rulesBounds.checks),
});

const isRecord = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

const bodySchema = z.strictObject({
  version: z.int().min(1).max(u32Max),
  site: z.int().min(0).max(u32Max),
  timeZone: z.string().max(64).refine(isTimeZone, 'must be an IANA time zone, for example Europe/Berlin'),
  gates: z
    .array(z.strictObject({ id: gateId, group: z.int().min(0).max(63) }))
    .min(1)
    .max(rulesBounds.gates),
  // Not z.record: it drops a key named __proto__ without a word.
  conditions: z.custom<Readonly<Record<string, unknown>>>(isRecord, 'must be a map of names to conditions'),
  products: z.array(productSchema).max(rulesBounds.products),
});
type Body = z.infer<typeof bodySchema>;

/**
 * `value` is the `body` of a verified rules document.
 * @throws StileError DOCUMENT_REFUSED naming the key, the value and what is allowed there.
 */
export function decodeAccessRules(value: CborValue): AccessRules {
  const parsed = bodySchema.safeParse(plain(value));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refused(issue?.path.join('.') || 'body', issue?.message ?? 'invalid');
  }
  const body = parsed.data;
  const conditions = conditionsOf(body);
  checkReferences(body, conditions);
  return {
    version: body.version,
    site: body.site,
    calendar: new LocalCalendar(body.timeZone),
    gates: body.gates,
    conditions,
    products: new Map(body.products.map((product) => [product.id, productOf(product, conditions)])),
  };
}

/** The inverse of {@link decodeAccessRules}: what a head end puts into the document it signs. */
export function encodeAccessRules(rules: AccessRules): CborInput {
  return {
    version: rules.version,
    site: rules.site,
    timeZone: rules.calendar.timeZone,
    gates: rules.gates.map(({ id, group }) => ({ id, group })),
    conditions: Object.fromEntries([...rules.conditions].map(([name, when]) => [name, writeCondition(when)])),
    products: [...rules.products.values()].map((product) => ({
      id: product.id,
      people: product.people,
      entries: product.entries,
      reentry: product.reentry,
      minimumGap: product.minimumGapSeconds,
      graceBefore: product.graceBeforeSeconds,
      graceAfter: product.graceAfterSeconds,
      endInclusive: product.endInclusive,
      proofRequired: product.proofRequired,
      identityRequired: product.identityRequired,
      highValue: product.highValue,
      gates: product.gates,
      checks: product.checks.map(({ name, reason }) => ({ allow: name, reason })),
    })),
  };
}

function conditionsOf(body: Body): ReadonlyMap<string, Condition> {
  try {
    return parseConditions(body.conditions);
  } catch (cause) {
    if (cause instanceof ConditionRefused) throw refused(cause.key, cause.message);
    throw cause;
  }
}

function checkReferences(body: Body, conditions: ReadonlyMap<string, Condition>): void {
  const gates = unique('gates', body.gates, (gate) => gate.id);
  unique('products', body.products, (product) => product.id);
  for (const [at, product] of body.products.entries()) {
    const stranger = product.gates?.find((gate) => !gates.has(gate));
    if (stranger !== undefined) throw refused(`products.${at}.gates`, `gate ${stranger} is not in gates`);
    for (const [index, check] of product.checks.entries()) {
      if (!conditions.has(check.allow))
        throw refused(`products.${at}.checks.${index}.allow`, `condition ${check.allow} is not in conditions`);
    }
  }
}

function unique<T, Id>(key: string, items: readonly T[], idOf: (item: T) => Id): ReadonlySet<Id> {
  const seen = new Set<Id>();
  for (const item of items) {
    const id = idOf(item);
    if (seen.has(id)) throw refused(key, `${String(id)} stands there twice`);
    seen.add(id);
  }
  return seen;
}

function productOf(product: Body['products'][number], conditions: ReadonlyMap<string, Condition>): AccessProduct {
  const { minimumGap, graceBefore, graceAfter, checks, ...same } = product;
  return {
    ...same,
    minimumGapSeconds: minimumGap,
    graceBeforeSeconds: graceBefore,
    graceAfterSeconds: graceAfter,
    checks: checks.flatMap(({ allow, reason }) => {
      const condition = conditions.get(allow);
      return condition === undefined ? [] : [{ name: allow, allow: condition, reason }];
    }),
  };
}

const refused = (key: string, problem: string): StileError =>
  new StileError('DOCUMENT_REFUSED', `access rules: ${key} ${problem}`, {
    remedy: 'Publish corrected rules with a higher version; the old ones serve until then.',
  });
