// Act codes: what is one, and what each machine makes of it. They are unsigned, so anything may stand in one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../runtime/core/bytes.ts';
import { initialState as idleCabinet } from '../../../runtime/machines/cabinet/state.ts';
import { type GateLaneState, initialState as idleLane } from '../../../runtime/machines/gate-lane/state.ts';
import { initialState as idleBus } from '../../../runtime/machines/validator/state.ts';
import { cabinetAct } from '../../../runtime/terminal/cabinet/cabinet-acts.ts';
import { actDeed, badgeDeed } from '../../../runtime/terminal/gate-lane/lane-acts.ts';
import { actCodeBytesMax, isActCode, parseActCode } from '../../../runtime/terminal/staff/act-code.ts';
import { badgeAct, driverAct } from '../../../runtime/terminal/validator/driver-acts.ts';

const parsed = (text: string) => {
  const act = parseActCode(utf8(text));
  if (act === null) throw new Error(`${text} is no act`);
  return act;
};
const trip = { line: '12', direction: '' };

describe('an act code', () => {
  it.each([
    ['ST-ACT:HOLD', 'HOLD', []],
    ['ST-ACT:OPEN:7', 'OPEN', ['7']],
    ['ST-ACT:IDENTIFY:7:G-1', 'IDENTIFY', ['7', 'G-1']],
    ['ST-ACT:NOT-TAKEN:7', 'NOT-TAKEN', ['7']],
  ])('%s', (text, word, given) => {
    expect(parseActCode(utf8(text))).toEqual({ word, arguments: given });
  });

  it.each([
    'ST-ACT:',
    'ST-ACT:hold',
    'ST-ACT:HOLD:',
    'ST-ACT:HOLD ',
    'ST-ACT:HOLD\r',
    'ST-ACT:A:b:c:d',
    'ST-ACT:ADMIT:A REASON',
    `ST-ACT:${'A'.repeat(17)}`,
    `ST-ACT:ADMIT:${'A'.repeat(33)}`,
    'st-act:HOLD',
  ])('is meant by %j and is not one', (text) => {
    expect(isActCode(utf8(text))).toBe(true);
    expect(parseActCode(utf8(text))).toBeNull();
  });

  it('is nothing longer than its bound, and nothing is thrown for any bytes, seed 7', () => {
    const longest = `ST-ACT:${'A'.repeat(16)}:${'B'.repeat(32)}:${'C'.repeat(32)}`;
    expect(parseActCode(utf8(longest))).not.toBeNull();
    expect(longest.length).toBeLessThanOrEqual(actCodeBytesMax);
    const behindPrefix = fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.of(...utf8('ST-ACT:'), ...bytes));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), behindPrefix), (bytes) => {
        const act = parseActCode(bytes);
        if (act !== null)
          expect([act.word, ...act.arguments].join(':')).toBe(Buffer.from(bytes.subarray(7)).toString());
      }),
      { seed: 7, numRuns: 5_000 },
    );
  });
});

describe('at a gate lane', () => {
  it.each([
    ['ST-ACT:ADMIT:SCHOOL-GROUP', { kind: 'admit', reason: 'school-group' }],
    ['ST-ACT:OVERRIDE:ID-SEEN', { kind: 'override', reason: 'id-seen' }],
    ['ST-ACT:RECOUNT:120', { kind: 'recount', inside: 120 }],
    ['ST-ACT:HOLD', { kind: 'hold' }],
    ['ST-ACT:RESUME', { kind: 'resume' }],
    ['ST-ACT:ADMIT', null],
    ['ST-ACT:ADMIT:A_B', null],
    ['ST-ACT:RECOUNT:-1', null],
    ['ST-ACT:RECOUNT:012', null],
    ['ST-ACT:HOLD:5', null],
    ['ST-ACT:OPEN:1', null],
    ['ST-ACT:ADMIT:A:B', null],
  ])('%s is %j', (text, deed) => {
    expect(actDeed(parsed(text))).toEqual(deed);
  });

  const at = (entry: GateLaneState['entry']): GateLaneState => ({ ...idleLane, entry });
  const untilMonoMs = 9_000 as never;
  it.each([
    ['closedIdle', at({ kind: 'closedIdle' }), [true, true]],
    ['hold', at({ kind: 'hold' }), [true, true]],
    ['fault', at({ kind: 'fault', detail: '' }), [true, true]],
    ['after a fire', at({ kind: 'emergencyOpen', fireActive: false }), [true, true]],
    ['in a fire', at({ kind: 'emergencyOpen', fireActive: true }), [false, false]],
    ['manual', at({ kind: 'manual', back: 'hold', untilMonoMs }), [false, true]],
    ['recovering', idleLane, [false, false]],
    [
      'while a ticket waits for staff',
      { ...at({ kind: 'closedIdle' }), pending: { candidate: {} as never, reason: 'PROOF_REQUIRED', untilMonoMs } },
      [false, false],
    ],
  ] as const)('%s, a badge does something when new here, and when shown again', (_name, state, does) => {
    expect([false, true].map((wasHere) => badgeDeed(state, wasHere) !== null)).toEqual(does);
  });
});

describe('at a cabinet', () => {
  const tx = new Uint8Array(16).fill(1);
  const order = { tx, slot: 4, phase: 'IN_DOUBT' } as never;
  const doubtful = { ...idleCabinet, ledger: { ...idleCabinet.ledger, orders: new Map([['01', order]]) } };
  it.each([
    ['ST-ACT:OPEN:4', { kind: 'open', slot: 4 }],
    ['ST-ACT:RELEASE:4', { kind: 'release', slot: 4 }],
    ['ST-ACT:QUARANTINE:4', { kind: 'quarantine', slot: 4 }],
    ['ST-ACT:IDENTIFY:4:G-1', { kind: 'identify', slot: 4, item: 'G-1' }],
    ['ST-ACT:RETURN:G-1', { kind: 'returnItem', item: 'G-1' }],
    ['ST-ACT:END-ORDERS', { kind: 'endOrder' }],
    ['ST-ACT:TAKEN:4', { kind: 'resolve', tx, taken: true }],
    ['ST-ACT:NOT-TAKEN:4', { kind: 'resolve', tx, taken: false }],
    ['ST-ACT:TAKEN:5', null],
    ['ST-ACT:RECOUNT', { kind: 'recount' }],
    ['ST-ACT:OPEN', null],
    ['ST-ACT:OPEN:X', null],
    ['ST-ACT:OPEN:4:5', null],
    ['ST-ACT:ADMIT:FRIEND', null],
  ])('%s is %j', (text, act) => {
    expect(cabinetAct(parsed(text), doubtful)).toEqual(act);
  });
});

describe('on a bus', () => {
  it.each([
    ['ST-ACT:TRIP-OPEN', { kind: 'TripOpen', line: '12', direction: '' }],
    ['ST-ACT:TRIP-OPEN:N7:IN', { kind: 'TripOpen', line: 'N7', direction: 'IN' }],
    ['ST-ACT:TRIP-END', { kind: 'TripClose' }],
    ['ST-ACT:RIDERS:3', { kind: 'RidersSet', riders: 3 }],
    ['ST-ACT:RIDERS:X', null],
    ['ST-ACT:HOLD', null],
  ])('%s is %j', (text, act) => {
    expect(driverAct(parsed(text), trip)).toEqual(act);
  });

  it('a badge begins a trip where none is open, and nothing before the journal has been read', () => {
    expect(badgeAct({ ...idleBus, service: { kind: 'closed' } }, trip)).toEqual({ kind: 'TripOpen', ...trip });
    expect(badgeAct(idleBus, trip)).toBeNull();
  });
});
