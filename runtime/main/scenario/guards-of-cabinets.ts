// Rules of the audio-guide cabinet.
import type { CabinetInput } from '../../machines/cabinet/input.ts';
import { emptySlot, type SlotFacts } from '../../machines/cabinet/slot.ts';
import { always, type Guards } from './guard.ts';

export const guardsOfCabinets: Guards = {
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
        input: (input) => (input.kind === 'Dispense' ? ({ ...input, notAfter: always } as CabinetInput) : input),
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
          if (lends || !isReturn(input, state.ledger)) return input;
          const { present, tagId } = (input as Changed).facts;
          return present === true || tagId !== null ? null : input;
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
