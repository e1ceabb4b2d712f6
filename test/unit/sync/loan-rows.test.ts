// What a row says of loans, and when: marks dated by their boot and their journal, and rows whose fields are not
// what they should be.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { businessDay, epoch, monoMs, seq, terminalId, wallMs } from '../../../runtime/core/brand.ts';
import { loanDefaults, loanFee } from '../../../runtime/fares/loan-fee.ts';
import type { Payload } from '../../../runtime/records/payload.ts';
import { decodeRow, encodeRow, type Row, zeroHash } from '../../../runtime/records/row.ts';
import { type EventMark, intervalOf, loanMark, mayFollow } from '../../../sync/headend/loans/mark.ts';
import { type OpenAct, readRow } from '../../../sync/headend/loans/row-facts.ts';

const seed = 20_261_124;
const nineMs = Date.UTC(2026, 0, 7, 9);
const tx = new Uint8Array(16).fill(1);
const order = new Uint8Array(16).fill(2);
const place = { arrivedMs: nineMs + 500_000, afterMs: nineMs - 60_000, verdict: null };

function row(payload: Payload, more: Partial<Row> = {}): Row {
  const whole: Row = {
    terminal: terminalId('cabinet-1'),
    epoch: epoch(1),
    seq: seq(7),
    bootId: new Uint8Array(16).fill(9),
    tMonoMs: monoMs(100_000),
    tWallMs: wallMs(nineMs),
    clock: { state: 'SYNCED', uncertaintyMs: 50 },
    day: businessDay('2026-01-07'),
    type: 'OUTCOME',
    payload,
    prev: zeroHash,
    ...more,
  };
  return decodeRow(encodeRow(whole).body);
}

const ended = (ending: 'done' | 'not_taken'): NonNullable<Payload['events']> => [['order', 'Ended', 2, ending]];
const takenRow: Payload = { act: 'dispense', outcome: 'taken', tx, order, item: 'A', events: ended('done') };
const open: OpenAct = {
  started: { ...place, ...row({ act: 'x' }), seq: 3, monoMs: 50_000, wallMs: nineMs - 50_000 },
  intent: { ...place, ...row({ act: 'x' }), seq: 4, monoMs: 60_000, wallMs: nineMs - 40_000 },
  order: '02'.repeat(16),
  code: null,
  digest: null,
  doubt: null,
};
const eventOf = (read: ReturnType<typeof readRow>) => read.facts.find((fact) => fact.kind === 'event')?.event;

describe('a loan begins', () => {
  test('when the tag vanished, not when the row was written', () => {
    const { mark } = eventOf(readRow(row({ ...takenRow, contactMonoMs: 98_000 }), place, open)) ?? {};
    expect(mark).toMatchObject({ seq: 7, monoMs: 98_000, wallMs: nineMs - 2_000 });
  });

  test('at its INTENT where nobody saw it leave', () => {
    const event = eventOf(readRow(row({ ...takenRow, detail: 'presumed' }), place, open));
    expect(event).toMatchObject({ presumed: true, mark: { seq: 7, monoMs: 60_000, wallMs: nineMs - 40_000 } });
  });

  test('when staff looked, after a doubt', () => {
    const payload: Payload = { act: 'order', tx, order, item: 'A', events: ended('done'), trigger: 'staff' };
    expect(eventOf(readRow(row(payload), place, open))).toMatchObject({ presumed: true, mark: { monoMs: 100_000 } });
  });

  test('never at a contact that lies after its row', () => {
    const { mark } = eventOf(readRow(row({ ...takenRow, contactMonoMs: 100_001 }), place, open)) ?? {};
    expect(mark?.monoMs).toBe(100_000);
  });

  test('not at all when it was not taken, and its order is over', () => {
    const payload: Payload = { ...takenRow, outcome: 'not_taken', events: ended('not_taken') };
    expect(readRow(row(payload), place, open)).toEqual({
      facts: [{ kind: 'orderOver', order: '02'.repeat(16) }],
      act: null,
    });
  });
});

describe('a return', () => {
  const back: Payload = { act: 'return', tx, item: 'A', events: [['return', 'Ended', 1, 'done']] };

  test('counts from the first contact, also of an earlier boot', () => {
    expect(eventOf(readRow(row({ ...back, contactMonoMs: 90_000 }), place, null))).toMatchObject({
      way: 'slot',
      mark: { monoMs: 90_000 },
    });
    expect(eventOf(readRow(row(back), place, open))).toMatchObject({ way: 'slot', mark: { seq: 7, monoMs: 50_000 } });
  });

  test('without any contact that is known is an item that was found', () => {
    expect(eventOf(readRow(row(back), place, null))).toMatchObject({ way: 'found' });
  });
});

describe('the true time of a mark', () => {
  const mark = (state: EventMark['clock']['state'], more: Partial<EventMark> = {}): EventMark => ({
    ...place,
    terminal: 'cabinet-1',
    epoch: 1,
    seq: 7,
    bootId: new Uint8Array(16).fill(9),
    monoMs: 100_000,
    wallMs: nineMs,
    clock: { state, uncertaintyMs: 2_000 },
    ...more,
  });
  const anchor = { monoMs: 40_000, wallMs: nineMs + 3_600_000, uncertaintyMs: 50 };

  test.each([
    { title: 'SYNCED: its own', of: mark('SYNCED'), by: anchor, from: nineMs - 2_000, to: nineMs + 2_000 },
    { title: 'HOLDOVER: its own, wider', of: mark('HOLDOVER'), by: null, from: nineMs - 2_000, to: nineMs + 2_000 },
    {
      title: 'lost, but known later in this boot',
      of: mark('UNTRUSTED'),
      by: anchor,
      from: nineMs + 3_660_000 - 53,
      to: nineMs + 3_660_000 + 53,
    },
    {
      title: 'lost: between its neighbours',
      of: mark('UNTRUSTED'),
      by: null,
      from: nineMs - 60_000,
      to: nineMs + 500_000,
    },
  ])('$title', ({ of, by, from, to }) => {
    expect(intervalOf(of, by)).toEqual({ earliestMs: from, latestMs: to });
  });

  test('is unknown where nothing bounds it, and then anything may follow', () => {
    const lost = mark('UNTRUSTED', { afterMs: null, bootId: new Uint8Array(16).fill(1), terminal: 'cabinet-2' });
    expect(intervalOf(lost, null)).toBeNull();
    expect(loanMark(lost, null).rebuilt).toBeNull();
    expect(mayFollow({ mark: mark('SYNCED'), anchor: null }, { mark: lost, anchor: null })).toBe(true);
    const early = mark('SYNCED', { terminal: 'cabinet-2', bootId: new Uint8Array(16), wallMs: nineMs - 9_000 });
    expect(mayFollow({ mark: mark('SYNCED'), anchor: null }, { mark: early, anchor: null })).toBe(false);
  });
});

test('the example of docs/loans.md comes to what it says', () => {
  const terms = {
    ...loanDefaults,
    currency: 'CNY',
    freeMinutes: 5,
    periodMinutes: 30,
    periodMinor: 500,
    dailyMaxMinor: 4_000,
    lostMinor: 20_000,
  };
  const at = (minutes: number, cabinet: number) => ({
    bootId: new Uint8Array(16).fill(cabinet),
    monoMs: monoMs(0),
    wallMs: wallMs(nineMs + minutes * 60_000),
    clock: { state: 'SYNCED' as const, uncertaintyMs: 50 },
    rebuilt: null,
  });
  const loan = { taken: at(0, 1), returned: at(85, 3), presumed: false, attempts: [at(70, 2)] };
  expect(loanFee(loan, at(90, 9), terms)).toMatchObject({ amountMinor: 1_500, uncountedMs: 15 * 60_000 });
});

test(`a row with any fields whatever is read without a throw (seed ${seed})`, () => {
  const any = fc.oneof(fc.nat(), fc.string(), fc.uint8Array({ maxLength: 40 }), fc.boolean(), fc.array(fc.string()));
  const names = [
    'tx',
    'order',
    'item',
    'events',
    'contactMonoMs',
    'issuer',
    'cti',
    'digest',
    'outcome',
    'detail',
    'reason',
  ];
  const act = fc.constantFrom('order', 'dispense', 'return', 'return-attempt', 'slot', 'command');
  const fields = fc.record(Object.fromEntries(names.map((name) => [name, any])), { requiredKeys: [] });
  let events = 0;
  fc.assert(
    fc.property(act, fields, fc.boolean(), (name, rest, known) => {
      const read = readRow(row({ ...rest, act: name } as Payload), place, known ? open : null);
      events += read.facts.length;
      for (const fact of read.facts) if (fact.kind === 'event') expect(typeof fact.event.item).toBe('string');
    }),
    { seed, numRuns: 1_000 },
  );
  expect(events).toBeGreaterThan(0);
});
