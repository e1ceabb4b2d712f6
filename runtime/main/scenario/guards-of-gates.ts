// Rules of the gate lane and of the site's access rules.
import type { AccessProduct } from '../../rules/access-rules.ts';
import { always, type Guards } from './guard.ts';
import type { Switches } from './switches.ts';

export const guardsOfGates: Guards = {
  'slot-window': {
    rule: 'A ticket is good from the first second of its slot to the last.',
    without: 'nobody looks at its slot',
    off: {
      windowsIgnored: true,
      gateLane: products(() => ({ graceBeforeSeconds: always, graceAfterSeconds: always })),
    },
  },
  'slot-grace': {
    rule: 'A product may grant a grace around the slot, and an end that counts.',
    without: 'products grant none',
    off: { gateLane: products(() => ({ graceBeforeSeconds: 0, graceAfterSeconds: 0, endInclusive: false })) },
  },
  'site-rules': {
    rule: 'What a site allows per gate and product is data in its signed rules.',
    without: 'the conditions of products are not asked',
    off: { gateLane: products(() => ({ checks: [] })) },
  },
  'passage-decides': {
    rule: 'A ticket is used when the passage sensor says so, not when the barrier opens.',
    without: 'opening counts as passage',
    off: {
      gateLane: {
        input: (input) =>
          input.kind === 'Sensor' && input.sensor.kind === 'opened'
            ? { ...input, sensor: { kind: 'passed', direction: input.sensor.direction, heightCentimetres: null } }
            : input,
      },
    },
  },
  'use-ledger': {
    rule: 'What is used of a ticket is remembered by issuer and token id.',
    without: 'nothing is remembered',
    off: { gateLane: { facts: (facts) => ({ ...facts, useOf: () => null }) } },
  },
  'home-lane': {
    rule: 'A lane asks the home lane of a ticket before it opens.',
    without: 'every lane takes itself to be alone',
    off: {
      gateLane: {
        facts: (facts) => ({
          ...facts,
          rules:
            facts.rules === null
              ? null
              : { ...facts.rules, gates: facts.rules.gates.filter(({ id }) => id === facts.config.gate) },
        }),
      },
    },
  },
  'lenient-lanes': {
    rule: 'Where the home lane does not answer, lenient lanes admit, and say that they could not ask.',
    without: 'dupMode = strict',
    off: { gateLane: { config: { dupMode: 'strict' } } },
  },
  'strict-lanes': {
    rule: 'Where the home lane does not answer, strict lanes send the visitor there.',
    without: 'dupMode = lenient',
    off: { gateLane: { config: { dupMode: 'lenient' } } },
  },
  'double-use': {
    rule: 'The home lane hears of every use, and reports more than a ticket allows.',
    without: 'it hears of none',
    off: { gateLane: { input: (input) => (input.kind === 'ClaimSettled' ? null : input) } },
  },
  'capacity-lease': {
    rule: 'A lane admits no more persons than the head end leased to it.',
    without: 'capacity = unlimited',
    off: { gateLane: { config: { capacity: 'unlimited' } } },
  },
  'lease-guard': {
    rule: 'The last part of a lease is not spent.',
    without: 'leaseGuardMs = 0',
    off: { gateLane: { config: { leaseGuardMs: 0 } } },
  },
  'reentry-needs-exit': {
    rule: 'Where a product asks for it, nobody enters again who was not seen leaving.',
    without: 'products ask for no exit',
    off: { gateLane: products(() => ({ reentry: 'free' })) },
  },
  'minimum-gap': {
    rule: "Between two entries on one ticket lies the product's minimum gap.",
    without: 'no gap',
    off: { gateLane: products(() => ({ minimumGapSeconds: 0 })) },
  },
  'list-age-in-record': {
    rule: 'A record carries the age of the lists it was decided on, so that the head end can judge it.',
    without: 'records carry none',
    off: { gateLane: { payload: ({ listAgeSeconds: _, ...payload }) => payload } },
  },
  identity: {
    rule: "A real-name ticket needs its holder's ID, or staff.",
    without: 'products ask for none',
    off: { gateLane: products(() => ({ identityRequired: false })) },
  },
  proof: {
    rule: 'A concession needs its proof: staff look, and say why.',
    without: 'products ask for none',
    off: { gateLane: products(() => ({ proofRequired: false })) },
  },
  'fire-observed': {
    rule: 'In a fire nothing is redeemed and nobody is blocked, until it is over and staff open the lane again.',
    without: 'the fire contact is not heard',
    off: {
      gateLane: { input: (input) => (input.kind === 'Fire' ? null : input) },
    },
  },
  'doubt-once': {
    rule: 'A ticket in doubt may be used once more; at the second doubt staff decide.',
    without: 'doubts are not counted',
    off: {
      gateLane: {
        facts: (facts) => ({
          ...facts,
          useOf: (issuer, cti) => {
            const use = facts.useOf(issuer, cti);
            return use === null ? null : { ...use, doubts: 0 };
          },
        }),
      },
    },
  },
  'child-height': {
    rule: 'Persons below childHeightCentimetres are counted, without an alarm.',
    without: 'childHeightCentimetres = 0',
    off: { gateLane: { config: { childHeightCentimetres: 0 } } },
  },
  'exits-open': {
    rule: 'An exit is never refused; its code is only recorded.',
    without: 'only tickets that entered here may leave',
    off: {
      gateLane: {
        input: (input, _state, facts) => {
          if (input.kind !== 'Presentation' || input.direction !== 'exit') return input;
          const outcome = input.verdict?.outcome ?? null;
          const use = outcome?.cti ? facts.useOf(outcome.issuer, outcome.cti) : null;
          return use !== null && use.entries > 0 ? input : null;
        },
      },
    },
  },
};

/** The site's rules, every product changed. */
function products(change: () => Partial<AccessProduct>): NonNullable<Switches['gateLane']> {
  return {
    facts: (facts) => {
      if (facts.rules === null) return facts;
      const changed = [...facts.rules.products].map(([id, product]) => [id, { ...product, ...change() }] as const);
      return { ...facts, rules: { ...facts.rules, products: new Map(changed) } };
    },
  };
}
