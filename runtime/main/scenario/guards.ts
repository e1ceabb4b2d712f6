// The rules that scenarios guard, and how each is switched off at a seam of the real parts. A story that still
// passes without its rule guards nothing.
import { StileError } from '../../core/errors.ts';
import type { CabinetInput } from '../../machines/cabinet/input.ts';
import { emptySlot, type SlotFacts } from '../../machines/cabinet/slot.ts';
import type { GateLaneFacts } from '../../machines/gate-lane/facts.ts';
import type { Switches } from './switches.ts';

export interface Guard {
  readonly rule: string;
  /** What stands in the rule's place. */
  readonly without: string;
  readonly off: Switches;
}

const never = 4_000_000_000;
const always = 0x7fff_ffff;

export const guards: Readonly<Record<string, Guard>> = {
  'durable-first': {
    rule: 'Nothing is shown and nothing moves before the commit that records it.',
    without: 'the journal answers before it is durable',
    off: { answersEarly: true },
  },
  'trust-list': {
    rule: 'Only issuers of the signed trust list are known.',
    without: 'every issuer is on the list',
    off: { everybodyTrusted: true },
  },
  'deny-list': {
    rule: 'Who is on the signed deny list is refused, online or offline.',
    without: 'the list is empty',
    off: { nobodyDenied: true },
  },
  'replay-ring': {
    rule: 'A code that was accepted here is not accepted again.',
    without: 'the ring forgets every code',
    off: { ringForgets: true },
  },
  'presentation-age': {
    rule: 'A code is good for as long as its credential says after the phone made it.',
    without: 'codes do not age',
    off: { codesNeverAge: true },
  },
  'issuer-in-account': {
    rule: 'An account is (issuer, number): equal numbers of two issuers never meet.',
    without: 'accounts are known by their number alone',
    off: {
      verdict: (verdict) =>
        verdict.accepted ? { ...verdict, outcome: { ...verdict.outcome, issuer: 'any' } } : verdict,
    },
  },
  'untrusted-clock': {
    rule: 'A clock that nobody vouches for proves nothing but its floor.',
    without: 'the clock is believed',
    off: { clockBelieved: true },
  },
  'monotonic-time': {
    rule: 'Durations are measured on a clock that cannot be set.',
    without: 'durations are measured on the wall clock',
    off: { monotonicFollowsWall: true },
  },
  'digest-in-record': {
    rule: 'A record carries the digest of its code, so that the head end can find the same code elsewhere.',
    without: 'records carry none',
    off: { validator: { payload: ({ digest: _, ...payload }) => payload } },
  },
  presence: {
    rule: 'Reads of one account closer together than repeatMs are one presence, and one ride.',
    without: 'repeatMs = 0',
    off: { validator: { config: { repeatMs: 0 } } },
  },
  'owed-cue': {
    rule: 'A ride whose cue was never shown waits unsignalledSeconds for its rider.',
    without: 'unsignalledSeconds = 0',
    off: { validator: { config: { unsignalledSeconds: 0 } } },
  },
  'owed-cue-ends': {
    rule: 'After unsignalledSeconds a ride whose cue was never shown waits no longer.',
    without: 'it waits for ever',
    off: { validator: { config: { unsignalledSeconds: always } } },
  },
  'group-limit': {
    rule: 'No more riders of one account and stop visit than groupMax.',
    without: 'groupMax = 50',
    off: { validator: { config: { groupMax: 50 } } },
  },
  passback: {
    rule: 'A product without companions is not charged again within passbackSeconds.',
    without: 'passbackSeconds = 0',
    off: { validator: { config: { passbackSeconds: 0 } } },
  },
  'stale-list-limits': {
    rule: 'On lists past their soft age less is risked: few rides of an account, no valuable or younger ticket.',
    without: 'lists have no soft age',
    off: {
      validator: { config: { listSoftAgeSeconds: always } },
      gateLane: { config: { listSoftAgeSeconds: always } },
    },
  },
  'list-hard-age': {
    rule: 'On lists past their hard age nothing is sold.',
    without: 'lists have no hard age',
    off: { validator: { config: { listHardAgeSeconds: always, staleTapsMax: always, staleSpendMaxMinor: always } } },
  },
  'offline-limits': {
    rule: 'Offline, an account gets offlineTapsMax rides and offlineSpendMaxMinor.',
    without: 'no limits',
    off: { validator: { config: { offlineTapsMax: always, offlineSpendMaxMinor: always } } },
  },
  'storage-reserve': {
    rule: 'The last part of the storage is kept for passes and for what ends something.',
    without: 'the level of the storage is not heard of',
    off: {
      validator: { facts: (facts) => ({ ...facts, storage: 'normal' }) },
      cabinet: { facts: (facts) => ({ ...facts, storage: 'normal' }) },
    },
  },
  'refusal-rate': {
    rule: 'Refusals beyond badScansPerSecond are counted in one record a minute.',
    without: 'every refusal has a record',
    off: { validator: { config: { badScansPerSecond: 1_000_000 } } },
  },
  'cue-before-charge': {
    rule: 'Nobody is charged while lamp and sound cannot be given.',
    without: 'the lamp is taken to be good',
    off: { validator: { facts: (facts) => ({ ...facts, indicatorReady: true }) } },
  },
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
  'known-orders': {
    rule: 'A command whose order is known gets its last answer again, and nothing moves.',
    without: 'answers are forgotten',
    off: {
      cabinet: {
        state: (state) => ({ ...state, ledger: { ...state.ledger, answers: new Map() } }),
      },
    },
  },
  'command-not-after': {
    rule: 'A command is good until its notAfter.',
    without: 'commands do not end',
    off: {
      cabinet: {
        input: (input) => (input.kind === 'Dispense' ? ({ ...input, notAfter: never } as CabinetInput) : input),
      },
    },
  },
  'nonce-age': {
    rule: 'A nonce from the screen is good for nonceUseMs on the monotonic clock.',
    without: 'nonces do not age',
    off: { cabinet: { config: { nonceUseMs: always } } },
  },
  'nonce-once': {
    rule: 'The first command that brings a nonce spends it.',
    without: 'nonces are never spent',
    off: {
      cabinet: {
        state: (state) => ({ ...state, nonces: state.nonces.map((nonce) => ({ ...nonce, spent: false })) }),
      },
    },
  },
  'nonce-dies-with-boot': {
    rule: 'A nonce dies with the boot in which it was shown.',
    without: 'nonces outlive a power cut',
    off: { noncesOutliveBoot: true },
  },
  'code-needs-link': {
    rule: 'A code is on the screen only while its command could come.',
    without: 'the cabinet takes itself to be connected',
    off: { cabinet: { facts: (facts) => ({ ...facts, online: true }) } },
  },
  'sensors-resolve': {
    rule: 'What became of a motion that a power cut met is read from the sensors.',
    without: 'nothing is read after a start',
    off: { sensorsNotRead: true },
  },
  'slots-per-order': {
    rule: 'One order tries at most slotsPerOrder slots.',
    without: 'it tries them all',
    off: { cabinet: { config: { slotsPerOrder: 64 } } },
  },
  'silence-is-no-failure': {
    rule: 'Sensors that do not answer prove nothing: no other latch is tried.',
    without: 'a silent slot is taken as locked, with the item that was last seen in it',
    off: {
      cabinet: {
        input: (input, state) => {
          if (input.kind !== 'SlotChanged' || input.facts.locked !== null) return input;
          const last = state.sensed.get(input.facts.slot)?.facts;
          return { ...input, facts: { ...(last ?? input.facts), locked: true, atMonoMs: input.atMonoMs } };
        },
        facts: (facts) => ({ ...facts, device: { ...facts.device, online: true } }),
      },
    },
  },
  'present-timeout': {
    rule: 'A guide that nobody takes within presentTimeoutMs is locked in again and not charged.',
    without: 'it is presented for ever',
    off: { cabinet: { config: { presentTimeoutMs: always } } },
  },
  'spring-latch': {
    rule: 'A latch that cannot be closed by the machine leaves its order in doubt.',
    without: 'it is taken as closed',
    off: { cabinet: { facts: (facts) => ({ ...facts, device: { ...facts.device, canRelatch: true } }) } },
  },
  'unseen-return': {
    rule: 'A return whose tag is not read for unseenMs is asked for again, and kept as proof.',
    without: 'nobody is asked',
    off: { cabinet: { config: { unseenMs: always } } },
  },
  custody: {
    rule: 'An item that nobody can name for custodyMs is kept in custody.',
    without: 'custodyMs without end',
    off: { cabinet: { config: { custodyMs: always } } },
  },
  fleet: {
    rule: 'Only items of the fleet are taken in.',
    without: 'every item is of the fleet',
    off: {
      cabinet: {
        facts: (facts) => ({
          ...facts,
          items: Object.assign(new Map(facts.items), { has: () => true }) as typeof facts.items,
        }),
      },
    },
  },
  'item-names-loan': {
    rule: "A return is identified by the item's own tag, whoever brings it.",
    without: 'the tag in a free slot is not read',
    off: { cabinet: { input: (input, state) => (isReturn(input, state.ledger) ? withoutTag(input) : input) } },
  },
  'returns-always': {
    rule: 'Guides come back whatever the network, the clock, the lists and the storage say.',
    without: 'returns are taken only while the cabinet could lend',
    off: {
      cabinet: {
        input: (input, state, facts) => {
          const lends = facts.online && facts.moment.state !== 'UNTRUSTED' && facts.storage === 'normal';
          return !lends && isReturn(input, state.ledger) && (input as Changed).facts.present === true ? null : input;
        },
      },
    },
  },
  'lend-battery': {
    rule: 'Only items with minLendBatteryPercent go out.',
    without: 'minLendBatteryPercent = 0',
    off: { cabinet: { config: { minLendBatteryPercent: 0 } } },
  },
  'language-pack': {
    rule: "Only an item with the visitor's language goes out.",
    without: 'every item speaks every language',
    off: {
      cabinet: {
        facts: (facts) => ({
          ...facts,
          items: new Map([...facts.items.keys()].map((item) => [item, { languages: ['en', 'zh', 'de', 'fr', 'es'] }])),
        }),
      },
    },
  },
  'full-cabinet': {
    rule: 'Where no slot is free, an attempt to return is written down with a reference.',
    without: 'the cabinet believes in one more slot',
    off: {
      cabinet: {
        state: (state) => {
          const slot = 64;
          const facts: SlotFacts = {
            ...{ slot, locked: false, doorClosed: true, present: false, tagId: null, chargePercent: null },
            ...{ fault: null, atMonoMs: state.bootMonoMs },
          };
          const sensed = new Map(state.sensed).set(slot, { facts, charge: null });
          return { ...state, sensed };
        },
      },
    },
  },
  'recount-by-tag': {
    rule: 'A recount compares the tag in each slot with the ledger, and puts right what differs.',
    without: 'the ledger is believed',
    off: {
      cabinet: {
        input: (input, state) => {
          if (input.kind !== 'SlotChanged' || input.facts.tagId === null) return input;
          const { kind, item } = state.ledger.slots.get(input.facts.slot) ?? emptySlot(input.facts.slot);
          return kind === 'LOCKED' ? { ...input, facts: { ...input.facts, tagId: item } } : input;
        },
      },
    },
  },
};

type Changed = Extract<CabinetInput, { kind: 'SlotChanged' }>;
type Slots = { readonly slots: ReadonlyMap<number, { readonly kind: string }> };

/** Something stands in a slot that held nothing, or whose return is open. */
const isReturn = (input: CabinetInput, ledger: Slots): boolean => {
  if (input.kind !== 'SlotChanged') return false;
  const kind = ledger.slots.get(input.facts.slot)?.kind ?? 'EMPTY';
  return kind === 'EMPTY' || kind === 'RETURN_UNSEEN';
};

const withoutTag = (input: CabinetInput): CabinetInput =>
  input.kind === 'SlotChanged' ? { ...input, facts: { ...input.facts, tagId: null } } : input;

type Product =
  NonNullable<GateLaneFacts['rules']> extends { readonly products: ReadonlyMap<number, infer P> } ? P : never;

/** The site's rules, every product changed. */
function products(change: () => Partial<Product>): NonNullable<Switches['gateLane']> {
  return {
    facts: (facts) => {
      if (facts.rules === null) return facts;
      const changed = [...facts.rules.products].map(([id, product]) => [id, { ...product, ...change() }] as const);
      return { ...facts, rules: { ...facts.rules, products: new Map(changed) } };
    },
  };
}

/** @throws StileError USAGE naming the guards there are. */
export function guardNamed(id: string): Guard {
  const guard = Object.hasOwn(guards, id) ? guards[id] : undefined;
  if (guard !== undefined) return guard;
  throw new StileError('USAGE', `--without ${id}: no such guard; there are: ${Object.keys(guards).join(', ')}`, {
    remedy: 'Name one of them; docs/scenarios.md says what each is.',
  });
}
