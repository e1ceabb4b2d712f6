// The rules document: what goes in comes out, and whatever is not a site's rules is refused by name.
import { describe, expect, test } from 'vitest';
import { type CborInput, decodeCbor, documentProfile, encodeCbor } from '../../../runtime/core/cbor.ts';
import { StileError } from '../../../runtime/core/errors.ts';
import { checksAt, widestGraces } from '../../../runtime/rules/access-rules.ts';
import { decodeAccessRules, encodeAccessRules, rulesBounds } from '../../../runtime/rules/access-rules-document.ts';
import { rulesBody, rulesOf, yearPass } from './rules-for-tests.ts';

function problemOf(value: CborInput): string {
  try {
    decodeAccessRules(decodeCbor(encodeCbor(value), documentProfile));
  } catch (error) {
    if (error instanceof StileError && error.code === 'DOCUMENT_REFUSED') return error.message;
    throw error;
  }
  throw new Error('the rules were taken');
}
const first = rulesBody.products[0];
const withProduct = (more: Readonly<Record<string, CborInput>>): CborInput => ({
  ...rulesBody,
  products: [{ ...first, ...more } as CborInput],
});

describe('a rules document', () => {
  test('survives the way to the terminal', () => {
    const rules = rulesOf(rulesBody);
    expect(encodeCbor(encodeAccessRules(rules))).toEqual(encodeCbor(rulesBody));
    expect(rules.calendar.timeZone).toBe('Europe/Berlin');
    expect([...rules.products.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('fits its body two levels deep into a signed document', () => {
    const nested = { kind: 'rules', body: rulesBody };
    expect(decodeCbor(encodeCbor(nested), documentProfile)).toBeDefined();
  });

  test('sorts checks by the step at which their reason is given', () => {
    const product = rulesOf(rulesBody).products.get(yearPass);
    if (product === undefined) throw new Error('no year pass');
    expect(checksAt(product, 'times').map(({ name }) => name)).toEqual(['calm']);
    expect(checksAt(product, 'scope')).toEqual([]);
    expect(checksAt(product, 'uses').map(({ name }) => name)).toEqual(['twiceADay']);
  });

  test('names the widest graces, for verification to let through', () => {
    expect(widestGraces(rulesOf(rulesBody))).toEqual({ beforeSeconds: 0, afterSeconds: 601 });
    expect(widestGraces(rulesOf({ ...rulesBody, products: [] }))).toEqual({ beforeSeconds: 0, afterSeconds: 0 });
  });

  test.each<{ name: string; value: CborInput; says: RegExp }>([
    { name: 'not a map', value: [1], says: /body/ },
    { name: 'an unknown key', value: { ...rulesBody, colour: 'red' }, says: /colour/ },
    {
      name: 'an unknown time zone',
      value: { ...rulesBody, timeZone: 'Mars/Olympus' },
      says: /timeZone must be an IANA/,
    },
    { name: 'no gate', value: { ...rulesBody, gates: [] }, says: /gates/ },
    {
      name: 'a gate twice',
      value: { ...rulesBody, gates: [...rulesBody.gates, { id: 'lane-1', group: 2 }] },
      says: /lane-1 stands there twice/,
    },
    { name: 'gate group 64', value: { ...rulesBody, gates: [{ id: 'a', group: 64 }] }, says: /gates\.0\.group/ },
    {
      name: 'a product twice',
      value: { ...rulesBody, products: [first, first] as CborInput },
      says: /products 1 stands there twice/,
    },
    { name: 'an unknown gate', value: withProduct({ gates: ['lane-9'] }), says: /products\.0\.gates gate lane-9/ },
    {
      name: 'an unknown condition',
      value: withProduct({ checks: [{ allow: 'never', reason: 'EXPIRED' }] }),
      says: /checks\.0\.allow condition never/,
    },
    {
      name: 'a reason that no rule may give',
      value: withProduct({ checks: [{ allow: 'open', reason: 'BAD_SIGNATURE' }] }),
      says: /checks\.0\.reason/,
    },
    {
      name: 'more entries than a ticket can have',
      value: withProduct({ entries: rulesBounds.entries + 1 }),
      says: /entries/,
    },
    {
      name: 'a grace of more than a day',
      value: withProduct({ graceAfter: rulesBounds.graceSeconds + 1 }),
      says: /graceAfter/,
    },
    {
      name: 'a condition that is none',
      value: { ...rulesBody, conditions: { ...rulesBody.conditions, open: 5 } },
      says: /conditions\.open must be a map/,
    },
    {
      name: 'a prototype for a name',
      value: { ...rulesBody, conditions: new Map<string, CborInput>([['__proto__', { product: [1] }]]) },
      says: /__proto__/,
    },
  ])('is refused: $name', ({ value, says }) => {
    expect(problemOf(value)).toMatch(says);
  });
});
