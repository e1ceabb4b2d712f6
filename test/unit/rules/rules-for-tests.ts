// The rules of one museum, as a head end would sign them: two slots a day, a group, a year pass, a concession.
import { type CborInput, decodeCbor, documentProfile, encodeCbor } from '../../../runtime/core/cbor.ts';
import type { AccessRules } from '../../../runtime/rules/access-rules.ts';
import { decodeAccessRules } from '../../../runtime/rules/access-rules-document.ts';

export const single = 1;
export const group = 2;
export const dayPass = 3;
export const concession = 4;
export const realName = 5;
export const treasure = 6;
export const yearPass = 7;

const product = (id: number, more: Readonly<Record<string, CborInput>> = {}) => ({
  id,
  people: 'one',
  entries: null,
  reentry: 'free',
  minimumGap: 0,
  graceBefore: 0,
  graceAfter: 0,
  endInclusive: false,
  proofRequired: false,
  identityRequired: false,
  highValue: false,
  gates: null,
  checks: [],
  ...more,
});

export const rulesBody = {
  version: 3,
  site: 9,
  timeZone: 'Europe/Berlin',
  gates: [
    { id: 'lane-1', group: 0 },
    { id: 'lane-2', group: 0 },
    { id: 'lane-3', group: 1 },
  ],
  conditions: {
    open: { time: ['09:00', '18:00'], tolerance: 0 },
    twiceADay: { entries: 'today', atMost: 1 },
    working: ['not', { weekday: [1] }],
    calm: ['all', { is: 'working' }, ['any', { is: 'open' }, { gate: ['lane-3'] }]],
  },
  products: [
    product(single),
    product(group, { people: 'group' }),
    product(dayPass, { entries: 10, reentry: 'afterExit', minimumGap: 60 }),
    product(concession, { proofRequired: true }),
    product(realName, { identityRequired: true }),
    product(treasure, { highValue: true, gates: ['lane-1', 'lane-2'] }),
    product(yearPass, {
      entries: 1_000,
      graceAfter: 600,
      endInclusive: true,
      checks: [
        { allow: 'calm', reason: 'NOT_YET_VALID' },
        { allow: 'twiceADay', reason: 'ALREADY_USED' },
      ],
    }),
  ],
};

export const rulesOf = (body: CborInput): AccessRules =>
  decodeAccessRules(decodeCbor(encodeCbor(body), documentProfile));
