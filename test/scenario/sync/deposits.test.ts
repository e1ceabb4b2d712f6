// Money over a bad line: requests and answers are lost, late or doubled, and the process dies between any two
// steps. In the end the provider's books say what the loans say, and every key was done once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { pick, SeededEntropy } from '../../../runtime/core/entropy.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { noFaults, type ProviderFaults, SimulatedProvider } from '../../../simulators/deposits/simulated-provider.ts';
import { claimOf } from '../../../sync/headend/loans/deposit.ts';
import { DepositDesk, depositLimits, retryMs } from '../../../sync/headend/loans/deposit-desk.ts';
import type { DepositStore } from '../../../sync/headend/loans/deposit-store.ts';
import type { Loan } from '../../../sync/headend/loans/loan.ts';
import { type LoanDatabase, openSqliteLoans } from '../../../sync/headend/store/loan-database.ts';
import { policy } from '../../fixtures/loan-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'stile-deposits-'));
afterAll(() => rmSync(folder, { recursive: true }));

const badDay: ProviderFaults = {
  requestLost: 0.2,
  answerLost: 0.3,
  answerTwice: 0.3,
  answerLate: 0.3,
  lateMs: 90_000,
  declined: 0.1,
};

interface Till {
  readonly clock: VirtualClock;
  readonly provider: SimulatedProvider;
  database: LoanDatabase;
  desk: DepositDesk;
}

async function till(seed: string, faults: ProviderFaults = noFaults, file = ':memory:'): Promise<Till> {
  const clock = new VirtualClock();
  const provider = new SimulatedProvider({ clock, entropy: new SeededEntropy(`${seed} line`), faults });
  const database = await openSqliteLoans(file);
  return { clock, provider, database, desk: newDesk({ clock, provider, database }, seed) };
}

/** A process that dies before its n-th call to the database is done: from then on it can do nothing durable. */
class Mortal {
  died = false;
  readonly store: DepositStore;
  #callsLeft: number;

  constructor(store: DepositStore, calls: number) {
    this.#callsLeft = calls;
    this.store = new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as (...given: unknown[]) => Promise<unknown>;
        return async (...given: unknown[]) => {
          this.died ||= this.#callsLeft-- <= 0;
          if (this.died) throw new Error('no power');
          return method.apply(target, given);
        };
      },
    });
  }
}

function newDesk(
  { clock, provider, database }: Omit<Till, 'desk'>,
  seed: string,
  store: DepositStore = database.deposits,
): DepositDesk {
  const desk = new DepositDesk({
    deposits: store,
    loans: database.loans,
    provider,
    clock,
    entropy: new SeededEntropy(seed),
    log: silentLogger,
  });
  desk.start();
  return desk;
}

/** A loan of an order, as the loan desk would save it. */
async function decide({ database }: Till, order: string, chargeMinor: number | null): Promise<void> {
  const mark = {
    terminal: 'cabinet-1',
    epoch: 1,
    seq: 1,
    bootId: new Uint8Array(16),
    monoMs: 0,
    wallMs: 0,
    clock: { state: 'SYNCED', uncertaintyMs: 0 },
    afterMs: null,
    arrivedMs: 0,
  } as const;
  const names = { item: `item of ${order}`, tx: `tx of ${order}`, order, code: null, digest: null };
  const taken = { kind: 'taken', ...names, mark, presumed: false, ref: 'REF001' } as const;
  const loan: Loan = {
    tx: taken.tx,
    taken,
    returned: null,
    state: chargeMinor === null ? 'ON_LOAN' : 'RETURNED',
    fee: { amountMinor: chargeMinor ?? 0, currency: 'CNY', durationMs: 0, basis: 'utc', uncountedMs: 0 },
    chargeMinor,
    dispute: null,
    settledMinor: null,
    dueMs: null,
    policy,
  };
  await database.loans.saveItem(taken.item, [loan]);
}

const captures = ({ provider }: Till): number => new Set(keysOf(provider, 'capture')).size;
const keysOf = (provider: SimulatedProvider, act: string): readonly string[] =>
  provider.requests.filter((request) => request.act === act).map(({ key }) => key);

describe('a deposit', () => {
  test('is held, kept in part, and the rest given back', async () => {
    const t = await till('plain');
    expect(await t.desk.hold(claimOf.order('o'), 900, 'CNY', null)).not.toBeNull();
    await t.clock.advance(2_000);
    await decide(t, 'o', 300);
    await t.clock.advance(5_000);
    expect(await t.provider.statement()).toMatchObject([{ heldMinor: 900, capturedMinor: 300, releasedMinor: 600 }]);
    await decide(t, 'o', 100);
    await t.clock.advance(5_000);
    expect(await t.provider.statement()).toMatchObject([{ heldMinor: 900, capturedMinor: 100, releasedMinor: 800 }]);
    expect(captures(t)).toBe(1);
  });

  test('is never captured a second time, even where more is decided', async () => {
    const t = await till('more');
    await t.desk.hold(claimOf.order('o'), 900, 'CNY', null);
    await t.clock.advance(2_000);
    await decide(t, 'o', 300);
    await t.clock.advance(5_000);
    await decide(t, 'o', 500);
    await t.clock.advance(5_000);
    expect(captures(t)).toBe(1);
    expect(await t.provider.statement()).toMatchObject([{ capturedMinor: 300 }]);
    expect((await t.desk.reconcile())?.differences).not.toEqual([]);
  });

  test('is one per claim', async () => {
    const t = await till('one');
    expect(await t.desk.hold(claimOf.order('o'), 900, 'CNY', null)).not.toBeNull();
    expect(await t.desk.hold(claimOf.order('o'), 900, 'CNY', null)).toBeNull();
    await t.clock.advance(2_000);
    expect(await t.provider.statement()).toHaveLength(1);
  });

  test('for a code is given back when its time is over and no loan has come', async () => {
    const t = await till('expiry');
    await t.desk.hold(claimOf.code('museum/0102030405060708'), 900, 'CNY', t.clock.wallMs() + 60_000);
    await t.clock.advance(50_000);
    expect(await t.provider.statement()).toMatchObject([{ releasedMinor: 0 }]);
    await t.clock.advance(20_000);
    expect(await t.provider.statement()).toMatchObject([{ releasedMinor: 900 }]);
  });

  test('let go before its hold is answered is held, and then given back', async () => {
    const t = await till('early', { ...noFaults, answerLost: 1 });
    await t.desk.hold(claimOf.order('o'), 900, 'CNY', null);
    await t.desk.letGoOf(claimOf.order('o'));
    await t.clock.advance(30_000);
    expect(t.provider.happened.answerLost).toBeGreaterThan(1);
    expect(await t.provider.statement()).toMatchObject([{ releasedMinor: 0 }]);
    t.provider.faults = noFaults;
    await t.clock.advance(depositLimits.longestRetryMs);
    expect(await t.provider.statement()).toMatchObject([{ heldMinor: 900, capturedMinor: 0, releasedMinor: 900 }]);
  });

  test('whose hold is declined is asked for nothing else', async () => {
    const t = await till('declined', { ...noFaults, declined: 1 });
    await t.desk.hold(claimOf.order('o'), 900, 'CNY', null);
    await t.clock.advance(2_000);
    await t.desk.letGoOf(claimOf.order('o'));
    await t.clock.advance(60_000);
    expect(t.provider.happened.declined).toBe(1);
    expect(t.provider.requests).toHaveLength(1);
    expect(await t.desk.reconcile()).toMatchObject({ compared: 1, open: 0, differences: [] });
  });

  test('is asked for again under the same key, ever more slowly, up to a bound', async () => {
    const t = await till('retry', { ...noFaults, requestLost: 1 });
    await t.desk.hold(claimOf.order('o'), 900, 'CNY', null);
    await t.clock.advance(3_600_000);
    expect(t.provider.happened.requestLost).toBe(t.provider.requests.length);
    expect(new Set(keysOf(t.provider, 'hold')).size).toBe(1);
    const retries = Array.from({ length: 20 }, (_, attempt) => retryMs(attempt));
    expect(retries.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000]);
    expect(Math.max(...retries)).toBe(depositLimits.longestRetryMs);
    expect(t.provider.requests.length).toBeGreaterThan(10);
    expect(t.provider.requests.length).toBeLessThan(30);
  });

  test('ends each step once, however often it is answered', async () => {
    const t = await till('twice', { ...noFaults, answerTwice: 1 });
    const ended: string[] = [];
    t.desk.ended.on(({ step, done }) => ended.push(`${step} ${done}`));
    await t.desk.hold(claimOf.order('o'), 900, 'CNY', null);
    await t.clock.advance(2_000);
    await decide(t, 'o', 300);
    await t.clock.advance(5_000);
    expect(t.provider.happened.answerTwice).toBe(3);
    expect(ended).toEqual(['0 true', '1 true', '2 true']);
  });

  test('takes no notice of an answer that nobody asked for', async () => {
    const t = await till('stray');
    const id = await t.desk.hold(claimOf.order('o'), 900, 'CNY', null);
    await t.clock.advance(2_000);
    for (const key of ['', 'x', `${id}/7`, `${id}/0`, `${'0'.repeat(32)}/0`])
      t.provider.answers.emit({ key, done: false, reason: 'stray' });
    await t.clock.advance(2_000);
    expect(await t.desk.isHeld(id ?? '')).toBe(true);
  });
});

describe.each(['night', 'rain', 'snow'])(
  'a bad day, on which the process dies between any two steps (seed %s)',
  (seed) => {
    const orders = Array.from({ length: 24 }, (_, at) => `${seed}-${at}`);

    test('ends with books that say what the loans say', { timeout: 60_000 }, async () => {
      const file = join(folder, `${seed}.db`);
      const t = await till(seed, badDay, file);
      const chance = new SeededEntropy(`${seed} deaths`);
      let deaths = 0;
      for (const [at, order] of orders.entries()) {
        await t.desk.hold(claimOf.order(order), 900, 'CNY', null);
        // What the dead process had sent is still on the line, and is answered to the next one.
        const mortal = new Mortal(t.database.deposits, pick(chance, 24));
        await t.desk.stop();
        const dying = newDesk(t, `${seed} ${at} dying`, mortal.store);
        await t.clock.advance(4_000);
        if (mortal.died) deaths++;
        await dying.stop();
        await t.database.close();
        t.database = await openSqliteLoans(file);
        t.desk = newDesk(t, `${seed} ${at}`);
        const before = orders[at - 2];
        if (before !== undefined && at % 3 === 0) await t.desk.letGoOf(claimOf.order(before));
        else if (before !== undefined) await decide(t, before, (at % 5) * 200);
      }
      await t.clock.advance(3_600_000);
      t.provider.faults = noFaults;
      await t.clock.advance(3_600_000);
      expect(deaths).toBeGreaterThan(5);
      for (const fault of ['requestLost', 'answerLost', 'answerTwice', 'answerLate', 'declined', 'repeated'] as const)
        expect(t.provider.happened[fault], fault).toBeGreaterThan(0);
      const run = await t.desk.reconcile();
      expect(run).toMatchObject({ compared: orders.length, open: 0, differences: [] });
      const capturedBy = new Map<string, Set<string>>();
      for (const { deposit, key, act } of t.provider.requests)
        if (act === 'capture') capturedBy.set(deposit, (capturedBy.get(deposit) ?? new Set()).add(key));
      expect(capturedBy.size).toBeGreaterThan(5);
      expect([...capturedBy.values()].every((keys) => keys.size === 1)).toBe(true);
      await t.desk.stop();
      await t.database.close();
    });
  },
);

describe('the daily reconciliation', () => {
  async function settled(): Promise<{ readonly t: Till; readonly id: string }> {
    const t = await till('books');
    const id = (await t.desk.hold(claimOf.order('o'), 900, 'CNY', null)) ?? '';
    await t.clock.advance(2_000);
    await decide(t, 'o', 300);
    await t.clock.advance(5_000);
    return { t, id };
  }

  test('runs by itself every day and keeps what it found', async () => {
    const { t } = await settled();
    expect(await t.desk.newestRun()).toBeNull();
    await t.clock.advance(depositLimits.reconcileEveryMs);
    expect(await t.desk.newestRun()).toMatchObject({ compared: 1, open: 0, differences: [] });
  });

  test.each([
    {
      planted: 'captured more',
      change: { capturedMinor: 400 },
      found: [{ kind: 'amount', field: 'capturedMinor', expected: 300, found: 400 }],
    },
    {
      planted: 'a release undone',
      change: { releasedMinor: 0 },
      found: [{ kind: 'amount', field: 'releasedMinor', expected: 600, found: 0 }],
    },
    {
      planted: 'held less',
      change: { heldMinor: 800 },
      found: [{ kind: 'amount', field: 'heldMinor', expected: 900, found: 800 }],
    },
  ])('finds $planted', async ({ change, found }) => {
    const { t, id } = await settled();
    t.provider.tamper(id, change);
    expect((await t.desk.reconcile())?.differences).toMatchObject(found);
  });

  test('finds a deposit that nobody here knows, and one that the provider lost', async () => {
    const { t, id } = await settled();
    t.provider.tamper('f'.repeat(32), { heldMinor: 5 });
    expect((await t.desk.reconcile())?.differences).toMatchObject([{ deposit: 'f'.repeat(32), kind: 'unknown' }]);
    t.provider.forget(id);
    expect((await t.desk.reconcile())?.differences).toMatchObject([
      { deposit: id, loan: 'tx of o', kind: 'missing' },
      { kind: 'unknown' },
    ]);
  });

  test('compares with the loan, not with what was sent', async () => {
    const { t } = await settled();
    const wrong = { ...(await t.database.loans.loan('tx of o')), chargeMinor: 200 } as Loan;
    // The desk is not told: a mistake between loan and deposit must show all the same.
    await t.desk.stop();
    await t.database.loans.saveItem(wrong.taken.item, [wrong]);
    const deposit = await t.database.deposits.depositOfClaim(claimOf.order('o'));
    await t.database.deposits.settle(deposit?.id ?? '', 200);
    expect((await t.desk.reconcile())?.differences).toMatchObject([
      { loan: 'tx of o', kind: 'amount', field: 'capturedMinor', expected: 200, found: 300 },
      { loan: 'tx of o', kind: 'amount', field: 'releasedMinor', expected: 700, found: 600 },
    ]);
  });

  test('says what the provider refused, and what it has not answered for long', async () => {
    const { t, id } = await settled();
    t.provider.tamper(id, { capturedMinor: 0, heldMinor: 600 });
    await decide(t, 'o', 0);
    await t.clock.advance(5_000);
    expect((await t.desk.reconcile())?.differences).toMatchObject([{ deposit: id, kind: 'refused' }]);
    const silent = await till('silent', { ...noFaults, answerLost: 1 });
    await silent.desk.hold(claimOf.order('p'), 900, 'CNY', null);
    await silent.clock.advance(60_000);
    expect(await silent.desk.reconcile()).toMatchObject({ open: 1, differences: [] });
    await silent.clock.advance(3_600_000);
    expect((await silent.desk.reconcile())?.differences).toMatchObject([{ kind: 'unanswered' }]);
  });

  test('counts what moves while the books are on their way as open', async () => {
    const { t } = await settled();
    const books = await t.provider.statement();
    t.provider.statement = async () => {
      await decide(t, 'o', 100);
      return books;
    };
    expect(await t.desk.reconcile()).toMatchObject({ compared: 0, open: 1, differences: [] });
  });
});
