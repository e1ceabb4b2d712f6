// Rows in words, which of them wait, and that every word a row can need is there.
import { describe, expect, it } from 'vitest';
import { merged, verdictWords, waitingRefs, wordsOf } from '../../../simulators/street/web/row-words.ts';
import { acts } from '../../../simulators/street/web/strings.ts';
import { streetActions } from '../../../simulators/street/world.ts';
import { rideRow } from '../../fixtures/street-world.ts';

describe('a row in words', () => {
  it('a ride needs no reason', () => {
    expect(wordsOf(rideRow(1))).toMatchObject({ what: 'Ride', why: '', tone: 'paid' });
  });

  it('a refusal says why', () => {
    const row = rideRow(2, { act: 'decline', reason: 'STALE_CODE' });
    expect(wordsOf(row)).toMatchObject({ what: 'Refused', why: 'code too old', tone: 'refused' });
  });

  it('an act and a reason without words of their own show their names', () => {
    const row = rideRow(3, { act: 'tamper', reason: 'VOID_TOO_LATE' });
    expect(wordsOf(row)).toMatchObject({ what: 'tamper', why: 'VOID_TOO_LATE', tone: 'quiet' });
  });

  it('an intent and its outcome are told apart, and what came of it is the reason', () => {
    const intent = rideRow(5, { type: 'INTENT', act: 'admit' });
    expect(wordsOf(intent)).toMatchObject({ what: 'Admission: intent', why: '', tone: 'quiet' });
    const outcome = rideRow(6, { type: 'OUTCOME', act: 'admit', reason: 'passed' });
    expect(wordsOf(outcome)).toMatchObject({ what: 'Admission: outcome', why: 'passed', tone: 'paid' });
  });

  it('a time that is none is shown as it came', () => {
    expect(wordsOf(rideRow(4, { at: 'unknown' })).time).toBe('unknown');
  });
});

describe('a verdict of the second pass', () => {
  it.each([
    ['good', 'verified'],
    ['none', 'no code in it'],
    [undefined, 'pending'],
    ['bad:BAD_SIGNATURE', 'bad:BAD_SIGNATURE'],
  ])('%s reads %s', (verdict, words) => {
    expect(verdictWords(verdict)).toBe(words);
  });
});

it('rows of two journals are one list, newest first', () => {
  const lane = rideRow(2, { terminal: 'lane-1' });
  expect(merged([rideRow(3), rideRow(1)], [lane])).toEqual([rideRow(3), lane, rideRow(1)]);
});

describe('rows that wait', () => {
  it('are those the ledger does not hold', () => {
    const waiting = waitingRefs([rideRow(3), rideRow(2), rideRow(1)], [rideRow(1)]);
    expect([...waiting]).toEqual(['BUS-1/K7Q003/3', 'BUS-1/K7Q002/2']);
  });

  it('are none when only bookkeeping is left, which goes up with the next row', () => {
    const receipt = rideRow(3, { type: 'RECEIPT', act: 'receipt' });
    expect(waitingRefs([receipt, rideRow(2)], [rideRow(2)]).size).toBe(0);
    expect(waitingRefs([receipt, rideRow(2), rideRow(1)], [rideRow(1)]).size).toBe(2);
  });

  it('are none once everything arrived, in whatever order', () => {
    expect(waitingRefs([rideRow(2), rideRow(1)], [rideRow(1), rideRow(2)]).size).toBe(0);
  });
});

it('every act has a label and a sentence', () => {
  for (const action of streetActions) {
    expect(acts[action].label).not.toBe('');
    expect(acts[action].hint).toMatch(/\.$/);
  }
});
