// What loans rely on in their database, over every database they can have: a run of rows stored twice says the same, a
// loan and its deposit are decided together, a code has one first phone.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ScannedOrder } from '../../sync/headend/loans/code-store.ts';
import { claimOf } from '../../sync/headend/loans/deposit.ts';
import { attemptKeys, type ItemEvent, type TakenEvent } from '../../sync/headend/loans/item-event.ts';
import type { Loan } from '../../sync/headend/loans/loan.ts';
import type { RowRun } from '../../sync/headend/loans/loan-store.ts';
import { anchorKey, type EventMark } from '../../sync/headend/loans/mark.ts';
import type { LoanDatabase } from '../../sync/headend/store/loan-database.ts';
import { policy } from '../fixtures/loan-world.ts';
import { epoch, todayMs } from '../fixtures/row-batches.ts';
import { postgresKind, type StorePlace, sqliteKind } from '../fixtures/store-under-test.ts';
import { peer } from '../peers/available.ts';

const startMs = 120_000;
const id = (digit: string): string => digit.repeat(32);

describe.each([
  { kind: sqliteKind(), missing: false },
  { kind: postgresKind(), missing: !peer('postgres') },
])('loans on $kind.name', ({ kind, missing }) => {
  describe.skipIf(missing)('keep their contract:', { timeout: 60_000 }, () => {
    let place: StorePlace;
    let database: LoanDatabase;
    beforeAll(() => kind.begin(), startMs);
    beforeEach(async () => {
      place = await kind.place();
      database = await place.loans();
      return () => database.close();
    });
    afterAll(() => kind.end(), startMs);

    test('a run stored twice says the same, and a position only rises', async () => {
      const { loans } = database;
      expect(await loans.position('c1', epoch)).toEqual({ terminal: 'c1', epoch, seq: -1, syncedMs: null });
      for (let times = 0; times < 2; times++) await loans.storeRun(run({ seq: 7, events: [taken(5), back(6)] }));
      await loans.storeRun(run({ seq: 3 }));
      expect(await loans.position('c1', epoch)).toMatchObject({ seq: 7, syncedMs: todayMs });
      expect(await loans.waitingItems(0, 10)).toEqual(['g1']);
      const { events, anchors } = await loans.item('g1');
      expect(events.map(({ kind: what, mark }) => `${what} ${mark.seq}`)).toEqual(['back 6', 'taken 5']);
      expect(events[1]).toEqual(taken(5));
      expect([...anchors.values()]).toEqual([{ monoMs: 10, wallMs: todayMs, uncertaintyMs: 5 }]);
    });

    test('standing in a slot is news once, until the item has left', async () => {
      const { loans } = database;
      const found = (seq: number): ItemEvent => ({ ...back(seq), way: 'found' }) as ItemEvent;
      await loans.storeRun(run({ seq: 9, events: [taken(1), found(2), found(3), taken(4), found(5)] }));
      expect((await loans.item('g1')).events.map(({ mark }) => mark.seq)).toEqual([5, 4, 2, 1]);
    });

    test('an attempt to return, and a date that comes late, make the item wait again', async () => {
      const { loans } = database;
      await loans.storeRun(run({ seq: 1, events: [taken(1)], anchors: new Map() }));
      await loans.saveItem('g1', [loan()]);
      expect(await loans.waitingItems(0, 10)).toEqual([]);
      const attempt = { key: attemptKeys.code('museum/1'), mark: mark(2) };
      await loans.storeRun(run({ seq: 2, attempts: [attempt], anchors: new Map() }));
      expect(await loans.waitingItems(0, 10)).toEqual(['g1']);
      expect(await loans.attempts([attempt.key, 'item:none'])).toEqual([{ ...attempt, anchor: null }]);
      await loans.saveItem('g1', [loan()]);
      await loans.storeRun(run({ seq: 3 }));
      expect(await loans.waitingItems(0, 10)).toEqual(['g1']);
    });

    test('an act under way is remembered until it is over', async () => {
      const { loans } = database;
      const act = { at: 'x' } as never;
      await loans.storeRun(run({ seq: 1, acts: new Map([['tx1', act]]) }));
      expect([...(await loans.acts(['tx1', 'tx2']))]).toEqual([['tx1', act]]);
      await loans.storeRun(run({ seq: 2, acts: new Map([['tx1', null]]) }));
      expect((await loans.acts(['tx1'])).size).toBe(0);
    });

    test('a loan as judged tells its deposit what to keep, and waits for the time it names', async () => {
      const { loans, deposits } = database;
      expect(await deposits.openDeposit(deposit('a'), todayMs)).toBe(true);
      expect(await deposits.openDeposit({ ...deposit('b'), claim: deposit('a').claim }, todayMs)).toBe(false);
      await deposits.settle(id('a'), null);
      await loans.saveItem('g1', [loan({ chargeMinor: 1_500, dueMs: 5_000 })]);
      expect(await deposits.deposit(id('a'))).toMatchObject({ loan: 'tx1', keepMinor: 1_500 });
      expect((await deposits.undone(10)).map((one) => one.id)).toEqual([id('a')]);
      expect(await deposits.letGo(id('a'))).toBe(false);
      expect([await loans.waitingItems(4_999, 9), await loans.waitingItems(5_000, 9)]).toEqual([[], ['g1']]);
      expect((await loans.loans(['ON_LOAN', 'LOST'], 5)).map(({ tx }) => tx)).toEqual(['tx1']);
      expect(await loans.loans(['LOST'], 5)).toEqual([]);
      expect(await loans.note('tx1', { dispute: null, settledMinor: 700 })).toBe(true);
      expect(await loans.note('tx9', { dispute: null, settledMinor: 700 })).toBe(false);
      expect(await loans.loan('tx1')).toMatchObject({ settledMinor: 700 });
    });

    test('a step is due until it is answered, once', async () => {
      const { deposits } = database;
      await deposits.openDeposit(deposit('a'), todayMs);
      expect(await deposits.dueSteps(todayMs - 1, 9)).toEqual([]);
      expect((await deposits.dueSteps(todayMs, 9)).map(({ step }) => step.act)).toEqual(['hold']);
      await deposits.countAttempt(id('a'), 0, todayMs + 50);
      expect(await deposits.dueSteps(todayMs, 9)).toEqual([]);
      expect(await deposits.endStep(id('a'), 0, 'done', null)).toBe(true);
      expect(await deposits.endStep(id('a'), 0, 'refused', 'x')).toBe(false);
      expect((await deposits.depositOfClaim(deposit('a').claim))?.steps).toMatchObject([
        { number: 0, state: 'done', attempts: 1, amountMinor: 600 },
      ]);
      await deposits.addStep(id('a'), {
        number: 1,
        act: 'release',
        amountMinor: 600,
        state: 'due',
        attempts: 0,
        nextMs: todayMs,
        reason: null,
      });
      expect((await deposits.dueSteps(todayMs, 9)).map(({ step }) => step.number)).toEqual([1]);
    });

    test('a deposit without a loan is let go when its time is over', async () => {
      const { deposits } = database;
      await deposits.openDeposit({ ...deposit('a'), expiresMs: 1_000 }, 0);
      await deposits.openDeposit(deposit('b'), 0);
      await deposits.expire(1_000);
      expect((await deposits.page('', 9)).map(({ keepMinor }) => keepMinor)).toEqual([0, null]);
      expect((await deposits.page(id('a'), 9)).map((one) => one.id)).toEqual([id('b')]);
      expect(await deposits.newestRun()).toBeNull();
      for (const atMs of [5, 9, 7]) await deposits.saveRun({ atMs, compared: atMs, open: 0, differences: [] });
      expect(await deposits.newestRun()).toMatchObject({ atMs: 9, compared: 9 });
    });

    test('of two phones one is first, and an order moves only forward', async () => {
      const { codes, loans } = database;
      const other = await place.loans();
      const claims = await Promise.all([codes.claim(code('1')), other.codes.claim(code('2'))]);
      expect(claims.toSorted()).toEqual([false, true]);
      await other.close();
      const [open] = await codes.open(9);
      if (!open) throw new Error('no order is open');
      await codes.advance(open.order, 'answered', 'OK');
      await codes.advance(open.order, 'sent', null);
      expect(await codes.byVisit(open.visit)).toMatchObject({ stage: 'answered', reason: 'OK', nonce: 'n1' });
      expect(await codes.neverBegun(0, 9)).toEqual([]);
      await loans.storeRun(run({ seq: 1 }));
      expect((await codes.neverBegun(0, 9)).map(({ order }) => order)).toEqual([open.order]);
      await loans.storeRun(run({ seq: 2, begun: [open.order] }));
      expect(await codes.neverBegun(0, 9)).toEqual([]);
      await codes.forget(todayMs);
      expect(await codes.byVisit(open.visit)).toBeNull();
    });

    test('nothing was lent for an order: its deposit is let go', async () => {
      const { deposits, loans } = database;
      await deposits.openDeposit({ ...deposit('a'), claim: claimOf.order('o1') }, 0);
      await deposits.settle(id('a'), null);
      await loans.storeRun(run({ seq: 1, over: ['o1'] }));
      expect(await deposits.undone(9)).toMatchObject([{ keepMinor: 0 }]);
    });
  });
});

const mark = (seq: number): EventMark => ({
  terminal: 'c1',
  epoch,
  seq,
  bootId: new Uint8Array(16).fill(1),
  monoMs: seq,
  wallMs: todayMs,
  clock: { state: 'HOLDOVER', uncertaintyMs: 10 },
  afterMs: null,
  arrivedMs: todayMs,
});

const taken = (seq: number): TakenEvent => ({
  kind: 'taken',
  item: 'g1',
  tx: 'tx1',
  mark: mark(seq),
  order: null,
  code: 'museum/1',
  digest: null,
  presumed: false,
  ref: 'R',
});

const back = (seq: number): ItemEvent => ({ kind: 'back', item: 'g1', mark: mark(seq), way: 'slot', ref: 'R' });

const run = ({ seq, ...more }: { readonly seq: number } & Partial<RowRun>): RowRun => ({
  position: { terminal: 'c1', epoch, seq, syncedMs: todayMs },
  events: [],
  attempts: [],
  acts: new Map(),
  anchors: new Map([[anchorKey(mark(0)), { monoMs: 10, wallMs: todayMs, uncertaintyMs: 5 }]]),
  begun: [],
  over: [],
  ...more,
});

const loan = (more: Partial<Loan> = {}): Loan =>
  ({
    tx: 'tx1',
    taken: taken(1),
    state: 'ON_LOAN',
    dueMs: null,
    chargeMinor: null,
    dispute: null,
    settledMinor: null,
    policy,
    ...more,
  }) as Loan;

const deposit = (digit: string) => ({
  id: id(digit),
  claim: claimOf.code(digit === 'a' ? 'museum/1' : `museum/${digit}`),
  amountMinor: 600,
  currency: 'CNY',
  expiresMs: null,
});

const code = (digit: string): ScannedOrder => ({
  terminal: 'c1',
  nonce: 'n1',
  visit: id(digit),
  order: id(digit),
  language: 'en',
  stage: 'claimed',
  reason: null,
  claimedMs: 1,
  notAfter: 1,
});
