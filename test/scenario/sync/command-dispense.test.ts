// A dispense command over the real road: signed by the head end, taken by a terminal's sync, carried out by the real
// cabinet machine, and answered by the rows that come back.
import { expect, test } from 'vitest';
import { secondsOf, unixSeconds } from '../../../runtime/core/brand.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { SimulatedProvider } from '../../../simulators/deposits/simulated-provider.ts';
import { LoanPage } from '../../../sync/headend/console/loans/server.ts';
import type { DispenseAnswer } from '../../../sync/headend/loans/code-desk.ts';
import { CommandDispense } from '../../../sync/headend/loans/command-dispense.ts';
import { claimOf } from '../../../sync/headend/loans/deposit.ts';
import { LoanOffice } from '../../../sync/headend/loans/loan-office.ts';
import { openSqliteLoans } from '../../../sync/headend/store/loan-database.ts';
import { MemoryBroker } from '../../../sync/terminal/link/memory-link.ts';
import type { CommandPort } from '../../../sync/terminal/ports.ts';
import { cabinetCodeAddress } from '../../../sync/wire/cabinet-code.ts';
import { policy } from '../../fixtures/loan-world.ts';
import { MemoryJournal } from '../../fixtures/memory-journal.ts';
import { Authority, newHeadEnd, newTerminal, operator, publishBasics } from '../../fixtures/sync-world.ts';
import { digestOf, Hall } from '../cabinet-hall.ts';

async function road() {
  const clock = new VirtualClock();
  const broker = new MemoryBroker(clock);
  const authority = new Authority();
  const { headEnd, store } = await newHeadEnd({ exchange: broker, clock, authority });
  const hall = new Hall('road');
  const journal = new MemoryJournal('cabinet-1');
  const commands: CommandPort = {
    acts: ['dispense'],
    carryOut: async ({ commandId, act, nonce, notAfter }, floor) => {
      if (act.kind !== 'dispense' || nonce === null) throw new Error('not for a cabinet');
      const { order, slot, language } = act;
      const before = hall.rows.length;
      const atMonoMs = hall.clock.monoMs();
      hall.feed({ kind: 'Dispense', commandId, order, nonce, notAfter, language, slot, atMonoMs });
      await journal.commit([], [floor]);
      for (const { type, payload } of hall.rows.slice(before)) journal.append(type, payload);
    },
    answerAgain: async () => undefined,
  };
  const terminal = newTerminal({
    id: 'cabinet-1',
    seed: 'road',
    clock,
    link: broker.link('cabinet-1'),
    authority,
    journal,
    commands,
    untrusted: () => false,
  });
  await headEnd.start();
  await headEnd.enrol('cabinet-1', terminal.keys.publicKey);
  await publishBasics(headEnd, authority);
  terminal.sync.start();
  await clock.advance(10_000);
  const port = new CommandDispense({ commands: headEnd.commands, clock });
  const ask = async (more: { lifeSeconds?: number; terminal?: string; nonce?: Uint8Array } = {}) => {
    let answer: DispenseAnswer | 'waiting' | 'failed' = 'waiting';
    const asked = port.dispense({
      terminal: more.terminal ?? 'cabinet-1',
      order: digestOf('order').slice(0, 16),
      nonce: more.nonce ?? hall.scanned(),
      notAfter: unixSeconds(secondsOf(clock.wallMs()) + (more.lifeSeconds ?? 30)),
      language: 'en',
      slot: null,
    });
    void asked.then(
      (said) => (answer = said),
      () => (answer = 'failed'),
    );
    await clock.advance(3_000);
    return () => answer;
  };
  /** What has happened at the machine since goes up like any other row. */
  const journalled = (from: number): void => {
    for (const { type, payload } of hall.rows.slice(from)) journal.append(type, payload);
  };
  return { clock, hall, terminal, ask, headEnd, store, journalled };
}

test('a command that arrives is begun, and one latch moves', async () => {
  const { hall, ask } = await road();
  expect((await ask())()).toEqual({ kind: 'begun' });
  expect(hall.pulses).toHaveLength(1);
});

test('a machine with nothing to lend says so', async () => {
  const { hall, ask } = await road();
  const nonce = hall.scanned();
  for (const slot of [1, 2, 3]) hall.staff({ kind: 'quarantine', slot });
  expect((await ask({ nonce }))()).toEqual({ kind: 'refused', reason: 'NO_STOCK' });
  expect(hall.pulses).toHaveLength(0);
});

test('a nonce that the machine never made is refused there', async () => {
  const { hall, ask } = await road();
  expect((await ask({ nonce: new Uint8Array(16) }))()).toEqual({ kind: 'refused', reason: 'COMMAND_EXPIRED' });
  expect(hall.pulses).toHaveLength(0);
});

test('a machine that is cut off leaves the command unanswered, and that is told in time', async () => {
  const { clock, terminal, ask } = await road();
  await terminal.sync.stop();
  const answer = await ask();
  expect(answer()).toBe('waiting');
  await clock.advance(90_000);
  expect(answer()).toEqual({ kind: 'unanswered' });
});

test('from the screen to the loan, with every part in its place', async () => {
  const { clock, hall, terminal, headEnd, store, journalled } = await road();
  const database = await openSqliteLoans(':memory:');
  const shared = { clock, entropy: new SeededEntropy('office'), log: silentLogger };
  const provider = new SimulatedProvider(shared);
  const office = new LoanOffice({ ...shared, operator, headEnd, rows: store, database, provider, policy });
  await office.start();
  const offer = { terms: policy.terms, depositMinor: policy.depositMinor, decimals: 2 };
  const page = new LoanPage({ desk: office.codes, offer, origin: 'https://guides.example', log: silentLogger });
  const expires = unixSeconds(secondsOf(clock.wallMs()) + 60);
  const code = { terminal: 'cabinet-1', nonce: hall.scanned(), expires, untimed: false };
  const sign = (message: Uint8Array): Uint8Array => terminal.keys.sign(message);
  const url = new URL(cabinetCodeAddress(page.address, operator, code, sign));
  const chosen = await page.app.inject({
    method: 'POST',
    url: '/borrow',
    payload: `${url.search.slice(1)}&visit=${'5'.repeat(32)}&lang=zh`,
    headers: {
      host: 'guides.example',
      origin: 'https://guides.example',
      'content-type': 'application/x-www-form-urlencoded',
    },
  });
  expect(chosen.statusCode).toBe(303);
  await clock.advance(3_000);
  const said = { method: 'GET', url: String(chosen.headers.location), headers: { host: 'guides.example' } } as const;
  expect((await page.app.inject(said)).body).toContain('取出讲解器');
  const before = hall.rows.length;
  expect(hall.fetch(1)).toBe('A');
  journalled(before);
  await clock.advance(3_000);
  const [loan] = await office.loans.loans(['ON_LOAN'], 10);
  expect(loan?.taken.item).toBe('A');
  expect(await provider.statement()).toMatchObject([{ heldMinor: policy.depositMinor, capturedMinor: 0 }]);
  expect(await database.deposits.depositOfClaim(claimOf.order(loan?.taken.order ?? ''))).toMatchObject({
    loan: loan?.tx,
  });
  expect(await office.deposits.reconcile()).toMatchObject({ compared: 1, differences: [] });
  await page.close();
  await office.stop();
  await database.close();
});

test('what is too late already, or for a machine nobody knows, is never sent', async () => {
  const { hall, ask } = await road();
  expect((await ask({ lifeSeconds: 0 }))()).toEqual({ kind: 'refused', reason: 'COMMAND_EXPIRED' });
  expect((await ask({ terminal: 'cabinet-9' }))()).toBe('failed');
  expect(hall.pulses).toHaveLength(0);
});
