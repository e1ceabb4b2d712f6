// What waits in a real terminal's journal and how it comes up: acceptance cases B22 and X5 through real processes.
// STILE_BACKLOG_ROWS=50000 plays B22 in full and then also holds it to its second; CI plays a tenth of it.
import { copyFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { businessDay } from '../../runtime/core/brand.ts';
import { hex } from '../../runtime/core/bytes.ts';
import { SystemClock } from '../../runtime/core/clock.ts';
import { systemEntropy } from '../../runtime/core/entropy.ts';
import { decodeRow } from '../../runtime/records/row.ts';
import type { RowDraft } from '../../runtime/store/journal.ts';
import { openJournalReader } from '../../runtime/store/read-journal.ts';
import { type Answer, BusRig, busTerminal } from '../fixtures/bus-rig.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const fullSize = 50_000;
const backlogRows = Number(process.env['STILE_BACKLOG_ROWS'] ?? fullSize / 10);
const rowsPerCommit = 500;
/** There and back, as on a mobile network: loopback alone would carry the backlog away before anybody taps. */
const oneWayMs = 100;
const freshTaps = backlogRows >= fullSize ? 5 : 2;
const clock = new SystemClock();

let bus: BusRig;
afterEach(() => bus.close());

describe(`B22: ${backlogRows} rows wait, then the network is back`, () => {
  it('new taps overtake the backlog, every row arrives once and each transaction in order', async () => {
    bus = await BusRig.open();
    await bus.startServing();
    await bus.show(bus.wallet().freshCode(bus.now()));
    await bus.until('the first ride stored', async () => (await bus.headEnd?.store.counts())?.rides === 1);
    await bus.stopHeadEnd();
    await bus.terminal.end('SIGTERM');
    await bus.withJournal(async (journal, moment) => {
      for (let written = 0; written < backlogRows; written += rowsPerCommit) {
        const drafts = Array.from({ length: rowsPerCommit / 2 }, () => rideAndRepeat(moment)).flat();
        await journal.commit(drafts);
      }
    });
    await bus.startTerminal();

    bus.network.delay(oneWayMs);
    await bus.startHeadEnd();
    await bus.until('the backlog to drain', async () => (await storedRows()) > rowsPerCommit, 60_000);
    const overtook: { readonly afterMs: number; readonly stillWaiting: number }[] = [];
    for (let tap = 0; tap < freshTaps; tap++) {
      const answer = await bus.show(bus.wallet().freshCode(bus.now()));
      overtook.push(await arrival(answer));
    }
    expect(bus.network.counts.delayed).toBeGreaterThan(0);
    expect(overtook.map(({ stillWaiting }) => stillWaiting > 0)).toEqual(Array(freshTaps).fill(true));
    if (backlogRows >= fullSize) {
      process.stdout.write(`B22, ${backlogRows} rows waiting: ${JSON.stringify(overtook)}\n`);
      for (const { afterMs } of overtook) expect(afterMs).toBeLessThanOrEqual(1_000);
    }

    const journalled = await everyRow();
    await bus.until('every row', async () => (await storedRows()) >= journalled.length - bookkeepingAtTheEnd, 300_000);
    const stored = storedInOrderOfArrival();
    expect(new Set(stored.map(({ epoch, seq }) => `${epoch}/${seq}`)).size).toBe(stored.length);
    const own = new Map(journalled.map((row) => [`${row.epoch}/${row.seq}`, row.hash]));
    expect(stored.filter(({ epoch, seq, hash }) => own.get(`${epoch}/${seq}`) !== hash)).toEqual([]);
    expect(outOfOrder(stored)).toEqual([]);
  }, 600_000);
});

describe('X5: a hole in what the head end has', () => {
  it('is asked for, and is an incident when the terminal no longer has the rows', async () => {
    bus = await BusRig.open({ gaps: { checkMs: 500, wantAfterMs: 500, incidentAfterMs: 1_500 } });
    await bus.startServing();
    const file = `${bus.folder}/headend.db`;
    await bus.stopHeadEnd();
    copyFileSync(file, `${file}.backup`);
    const before = (await bus.rows()).length;
    await bus.startHeadEnd();
    for (let ride = 0; ride < 4; ride++) await bus.show(bus.wallet().freshCode(bus.now()));
    await bus.until('4 rides stored', async () => (await bus.headEnd?.store.counts())?.rides === 4);
    await bus.stopHeadEnd();
    await bus.terminal.end('SIGTERM');

    copyFileSync(`${file}.backup`, file);
    const lostUpto = before + 1;
    let pruned = 0;
    await bus.withJournal(async (journal) => {
      pruned = await journal.prune(journal.head()?.epoch ?? 0, lostUpto);
    });
    expect(pruned).toBeGreaterThan(before);
    await bus.startHeadEnd();
    await bus.startTerminal();
    await bus.until('the incident', async () => (await gaps()).length > 0, 60_000);
    const [gap] = await gaps();
    expect(gap).toMatchObject({ kind: 'seq_gap', terminal: busTerminal });
    expect(gap?.seq).toBeLessThanOrEqual(lostUpto);
    // What the terminal still has is there all the same.
    const kept = (await bus.rides()).length;
    expect(kept).toBeGreaterThan(0);
    await bus.until('the rides it kept', async () => (await bus.headEnd?.store.counts())?.rides === kept, 90_000);
  });
});

/** CHECKPOINT and RECEIPT rows that end a journal go up with the next row. */
const bookkeepingAtTheEnd = 4;

function rideAndRepeat(moment: RowDraft['moment']): readonly RowDraft[] {
  const tx = systemEntropy.bytes(16);
  const day = businessDay(new Date(moment.wallMs).toISOString().slice(0, 10));
  const common = { moment, day } as const;
  return [
    {
      ...common,
      type: 'DECISION',
      payload: {
        act: 'ride',
        reason: 'OK',
        tx,
        events: [
          ['ride', 'Started', 0],
          ['ride', 'Ended', 1, 'done'],
        ],
        issuer: 'metro1',
        account: systemEntropy.bytes(8),
        digest: systemEntropy.bytes(32),
        fareMinor: 250,
        currency: 'EUR',
        line: '12',
        riders: 1,
      },
    },
    { ...common, type: 'DECISION', payload: { act: 'repeat', reason: 'REPEAT', tx, count: 1 } },
  ];
}

const storedRows = async (): Promise<number> => (await bus.headEnd?.store.counts())?.rows ?? 0;
const gaps = async () => (await bus.headEnd?.headEnd.incidents(50))?.filter(({ kind }) => kind === 'seq_gap') ?? [];

/** How long after its answer a tap stood in the ledger, and how many rows were still to come then. */
async function arrival(answer: Answer): Promise<{ afterMs: number; stillWaiting: number }> {
  const ref = answer.ref ?? '';
  const fromMs = clock.monoMs();
  await bus.until(`row ${ref}`, async () => ((await bus.headEnd?.headEnd.rowByReference(ref)) ?? []).length > 0);
  const afterMs = clock.monoMs() - fromMs;
  return { afterMs, stillWaiting: backlogRows - (await storedRows()) };
}

async function everyRow(): Promise<readonly { readonly epoch: number; readonly seq: number; readonly hash: string }[]> {
  const reader = await openJournalReader(bus.journalFile);
  try {
    return [...reader.rows()].map(({ epoch, seq, hash }) => ({ epoch, seq, hash: hex(hash) }));
  } finally {
    reader.close();
  }
}

interface StoredRow {
  readonly epoch: number;
  readonly seq: number;
  readonly hash: string;
  readonly tx: string | null;
}

function storedInOrderOfArrival(): readonly StoredRow[] {
  const database = new Database(`${bus.folder}/headend.db`, { readonly: true });
  try {
    const rows = database.prepare('SELECT epoch, seq, hash, body FROM tx ORDER BY rowid').all();
    return (rows as { epoch: number; seq: number; hash: Buffer; body: Buffer }[]).map(({ epoch, seq, hash, body }) => {
      const { tx } = decodeRow(new Uint8Array(body)).payload;
      return { epoch, seq, hash: hex(new Uint8Array(hash)), tx: tx ? hex(tx) : null };
    });
  } finally {
    database.close();
  }
}

/** Rows that arrived before an earlier row of their own transaction. */
function outOfOrder(rows: readonly StoredRow[]): readonly StoredRow[] {
  const newest = new Map<string, number>();
  return rows.filter(({ tx, seq }) => {
    if (tx === null) return false;
    const before = newest.get(tx) ?? -1;
    newest.set(tx, Math.max(before, seq));
    return seq < before;
  });
}
