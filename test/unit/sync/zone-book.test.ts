// The places of one zone, move by move: what fills one, what frees one, and what stays reserved because nobody
// knows.
import { describe, expect, test } from 'vitest';
import type { Payload } from '../../../runtime/records/payload.ts';
import { decodeRow, type Row } from '../../../runtime/records/row.ts';
import type { RowType } from '../../../runtime/records/row-types.ts';
import {
  caughtUp,
  countRow,
  emptyZone,
  freePlaces,
  granted,
  outstanding,
  readZone,
  recounted,
  reported,
  reserved,
  untouched,
  writeZone,
  type ZoneState,
} from '../../../sync/headend/zone-book.ts';
import { MemoryJournal, type RowTime } from '../../fixtures/memory-journal.ts';

const leaseId = (byte: number): Uint8Array => new Uint8Array(8).fill(byte);
const idOf = (byte: number): string => Buffer.from(leaseId(byte)).toString('hex');
const endsMs = Date.UTC(2026, 0, 5, 12);
const lease = (byte: number, places = 20, terminal = 'east') => ({ id: idOf(byte), terminal, places, endsMs });

/** A lane whose rows are counted as they are written. */
class CountedLane {
  readonly journal: MemoryJournal;
  state: ZoneState;
  #acts = 0;

  constructor(state: ZoneState, terminal = 'east') {
    this.journal = new MemoryJournal(terminal);
    this.state = state;
    for (const row of this.journal.rows.get(this.journal.epoch) ?? [])
      this.state = countRow(state, decodeRow(row.body));
  }

  get seq(): number {
    return this.journal.head()?.seq ?? -1;
  }

  get at() {
    return { epoch: this.journal.epoch, seq: this.seq, atMs: null };
  }

  write(type: RowType, payload: Payload, time?: RowTime): Row {
    const row = decodeRow(this.journal.append(type, payload, time).body);
    this.state = countRow(this.state, row);
    return row;
  }

  admit(byte: number, outcome = 'passed'): void {
    const actId = new Uint8Array(8).fill(++this.#acts);
    this.write('INTENT', { act: 'admit', direction: 'entry', actId, lease: leaseId(byte) });
    if (outcome) this.write('OUTCOME', { act: 'admit', direction: 'entry', actId, outcome });
  }
}

describe('a place', () => {
  test.each([
    ['passed', 1, 19],
    ['in_doubt', 1, 19],
    ['not_passed', 0, 20],
    ['failed', 0, 20],
    ['', 1, 19],
  ])('after an opening that ends %j: %d inside, %d on the lease', (outcome, inside, left) => {
    const lane = new CountedLane(granted(emptyZone, lease(1)));
    lane.admit(1, outcome);
    expect([lane.state.inside, reserved(lane.state)]).toEqual([inside, left]);
  });

  test.each<readonly [string, RowType, Payload, number]>([
    ['an exit', 'OUTCOME', { act: 'exit', outcome: 'passed', direction: 'exit' }, 4],
    ['an exit nobody walked through', 'OUTCOME', { act: 'exit', outcome: 'not_passed', direction: 'exit' }, 5],
    ['a correction to passed', 'OUTCOME', { act: 'correction', outcome: 'passed', direction: 'entry' }, 6],
    ['a tailgate', 'SECURITY', { act: 'incident', incident: 'tailgate' }, 6],
    ['a child', 'SERVICE', { act: 'child' }, 6],
    ['a fire', 'SECURITY', { act: 'incident', incident: 'fire' }, 5],
    ['what another lane used here', 'OUTCOME', { act: 'settle', outcome: 'passed' }, 5],
  ])('%s makes it %s', (_what, type, payload, inside) => {
    const lane = new CountedLane({ ...emptyZone, inside: 5 });
    lane.write(type, payload);
    expect(lane.state.inside).toBe(inside);
  });
});

describe('an exit that is known before its entry', () => {
  test('makes room, and the entry takes it back', () => {
    const state = granted(emptyZone, lease(1));
    const west = new CountedLane(state, 'west');
    west.write('OUTCOME', { act: 'exit', outcome: 'passed' });
    expect(freePlaces(west.state, 40)).toBe(21);
    const east = new CountedLane(west.state);
    east.admit(1);
    expect([east.state.inside, reserved(east.state), freePlaces(east.state, 40)]).toEqual([0, 19, 21]);
  });

  test('makes no more room than lanes may have filled, and never more than the zone has', () => {
    const west = new CountedLane(granted(emptyZone, lease(1, 2)), 'west');
    for (let person = 0; person < 5; person++) west.write('OUTCOME', { act: 'exit', outcome: 'passed' });
    expect(west.state.inside).toBe(-2);
    expect(freePlaces(west.state, 40)).toBe(40);
    expect(freePlaces(reported(west.state, 'east', { lease: idOf(1), left: 2, final: true }, west.at), 40)).toBe(40);
  });
});

describe('a lease', () => {
  test('that the lane will spend no more comes back at once, less what rows do not tell yet', () => {
    const lane = new CountedLane(granted(emptyZone, lease(1)));
    lane.admit(1);
    // The lane speaks of two rows that have not arrived: one more opening stands in them.
    const told = reported(
      lane.state,
      'east',
      { lease: idOf(1), left: 18, final: true },
      { ...lane.at, seq: lane.seq + 2 },
    );
    expect(reserved(told)).toBe(1);
    lane.state = told;
    lane.admit(1);
    lane.write('SERVICE', { act: 'statistics' });
    expect([lane.state.inside, reserved(lane.state), lane.state.leases]).toEqual([2, 0, []]);
  });

  test('that was replaced is reserved until every row up to that word is counted', () => {
    const lane = new CountedLane(granted(granted(emptyZone, lease(1)), lease(2)));
    const told = reported(
      lane.state,
      'east',
      { lease: idOf(2), left: 20, final: false },
      { ...lane.at, seq: lane.seq + 1 },
    );
    expect(told.leases.map((each) => outstanding(told, each))).toEqual([20, 20]);
    expect(reserved(caughtUp(told, 'east', lane.journal.epoch, lane.seq + 2))).toBe(20);
  });

  test('that has ended stays reserved while the lane is silent, and not once it has spoken after that', () => {
    const lane = new CountedLane(granted(emptyZone, lease(1)));
    lane.write('CHECKPOINT', { act: 'checkpoint' }, { wallMs: endsMs - 1_000 });
    expect(reserved(lane.state)).toBe(20);
    lane.write('CHECKPOINT', { act: 'checkpoint' }, { wallMs: endsMs + 10, clock: 'UNTRUSTED' });
    expect(reserved(lane.state)).toBe(20);
    const early = reported(lane.state, 'east', null, { ...lane.at, atMs: endsMs - 1 });
    expect(reserved(early)).toBe(20);
    expect(reserved(reported(lane.state, 'east', null, { ...lane.at, atMs: endsMs }))).toBe(0);
    lane.write('CHECKPOINT', { act: 'checkpoint' }, { wallMs: endsMs + 10 });
    expect(reserved(lane.state)).toBe(0);
  });

  test('of another lane is not touched by what this one says', () => {
    const state = granted(granted(emptyZone, lease(1, 20, 'west')), lease(2, 20, 'west'));
    const lane = new CountedLane(state);
    expect(
      reserved(reported(lane.state, 'east', { lease: idOf(2), left: 20, final: true }, { ...lane.at, atMs: endsMs })),
    ).toBe(40);
  });

  test('may be told again only while nothing of it can have been spent', () => {
    const lane = new CountedLane(granted(emptyZone, lease(1)));
    expect(untouched(lane.state, 'east', null, lane.at)?.id).toBe(idOf(1));
    expect(untouched(lane.state, 'east', idOf(1), lane.at)).toBeNull();
    expect(untouched(lane.state, 'west', null, lane.at)).toBeNull();
    // A row that is not counted yet may be an opening.
    expect(untouched(lane.state, 'east', null, { ...lane.at, seq: lane.seq + 1 })).toBeNull();
    lane.admit(1);
    expect(untouched(lane.state, 'east', null, lane.at)).toBeNull();
  });

  test('ends with a count by hand only once it has ended', () => {
    const state = granted(granted(emptyZone, lease(1)), { ...lease(2), endsMs: endsMs + 1 });
    expect(recounted(state, 7, endsMs)).toMatchObject({ inside: 7, leases: [{ id: idOf(2) }] });
  });
});

test('the state is read as written, and anything else is refused', () => {
  const lane = new CountedLane(granted(emptyZone, lease(1)));
  lane.admit(1, '');
  expect(readZone(writeZone(lane.state))).toEqual(lane.state);
  for (const text of ['', '{', '[]', '{"inside":1.5}']) expect(readZone(text)).toBeNull();
});
