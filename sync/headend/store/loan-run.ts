// What a run of rows says of items, stored in one transaction with the position after it.
import { claimOf } from '../loans/deposit.ts';
import { type Attempt, attemptKeys, type ItemEvent } from '../loans/item-event.ts';
import type { RowRun } from '../loans/loan-store.ts';
import { type Anchor, anchorKey } from '../loans/mark.ts';
import { toJson } from './json-bytes.ts';
import { first, type SqlSession } from './sql.ts';

/** In one transaction: `session` is inside it. */
export async function storeRun(session: SqlSession, run: RowRun): Promise<void> {
  for (const event of run.events) await addEvent(session, event);
  for (const attempt of run.attempts) await addAttempt(session, attempt);
  for (const [boot, anchor] of run.anchors) await addAnchor(session, boot, anchor);
  for (const [tx, act] of run.acts) {
    if (act === null) await session.run('DELETE FROM act WHERE tx = ?', tx);
    else
      await session.run(
        'INSERT INTO act (tx, body) VALUES (?, ?) ON CONFLICT (tx) DO UPDATE SET body = excluded.body',
        tx,
        toJson(act),
      );
  }
  for (const order of run.begun) await begin(session, order);
  for (const order of run.over) await letGo(session, order);
  await moveOn(session, run);
}

/** The item is judged again. */
export async function wait(session: SqlSession, item: string): Promise<void> {
  await session.run('INSERT INTO waiting (item) VALUES (?) ON CONFLICT DO NOTHING', item);
}

/** Standing in a slot says something once: only after the item had left that terminal. */
async function addEvent(session: SqlSession, event: ItemEvent): Promise<void> {
  const { terminal, epoch, seq } = event.mark;
  if (event.kind === 'back' && event.way === 'found' && (await wasBack(session, event))) return;
  const changes = await session.run(
    `INSERT INTO item_event (terminal, epoch, seq, item, kind, boot, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    ...[terminal, epoch, seq, event.item, event.kind, anchorKey(event.mark), toJson(event)],
  );
  if (changes > 0) await wait(session, event.item);
}

async function wasBack(session: SqlSession, { item, mark: { terminal, epoch, seq } }: ItemEvent): Promise<boolean> {
  const last = await session.all<{ kind: string }>(
    `SELECT kind FROM item_event WHERE item = ? AND terminal = ? AND (epoch < ? OR (epoch = ? AND seq < ?))
     ORDER BY epoch DESC, seq DESC LIMIT 1`,
    ...[item, terminal, epoch, epoch, seq],
  );
  return first(last)?.kind === 'back';
}

async function addAttempt(session: SqlSession, { key, mark }: Attempt): Promise<void> {
  const changes = await session.run(
    'INSERT INTO attempt (terminal, epoch, seq, key, boot, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ...[mark.terminal, mark.epoch, mark.seq, key, anchorKey(mark), toJson(mark)],
  );
  if (changes > 0) await waitForKey(session, key);
}

async function addAnchor(session: SqlSession, boot: string, anchor: Anchor): Promise<void> {
  const changes = await session.run(
    'INSERT INTO anchor (boot, body) VALUES (?, ?) ON CONFLICT DO NOTHING',
    boot,
    toJson(anchor),
  );
  if (changes === 0) return;
  await session.run(
    'INSERT INTO waiting SELECT DISTINCT item FROM item_event WHERE boot = ? ON CONFLICT DO NOTHING',
    boot,
  );
  const dated = await session.all<{ key: string }>('SELECT DISTINCT key FROM attempt WHERE boot = ?', boot);
  for (const { key } of dated) await waitForKey(session, key);
}

async function waitForKey(session: SqlSession, key: string): Promise<void> {
  const value = key.slice(key.indexOf(':') + 1);
  if (key === attemptKeys.item(value)) return wait(session, value);
  const column = key === attemptKeys.code(value) ? 'code' : 'digest';
  await session.run(
    `INSERT INTO waiting SELECT DISTINCT item FROM loan WHERE ${column} = ? ON CONFLICT DO NOTHING`,
    value,
  );
}

/** Nothing was lent for this order; a deposit that a loan decides is left to the loan. */
async function letGo(session: SqlSession, order: string): Promise<void> {
  await session.run(
    `UPDATE deposit SET keep_minor = 0, undone = 1
     WHERE claim = ? AND loan IS NULL AND keep_minor IS DISTINCT FROM 0`,
    claimOf.order(order),
  );
  await begin(session, order);
}

async function begin(session: SqlSession, order: string): Promise<void> {
  await session.run('UPDATE scanned_code SET begun = 1 WHERE order_id = ?', order);
}

/** A position, and the newest trusted time before it, only rise. */
async function moveOn(session: SqlSession, { position: { terminal, epoch, seq, syncedMs } }: RowRun): Promise<void> {
  await session.run(
    `INSERT INTO read_position (terminal, epoch, seq, synced_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (terminal, epoch) DO UPDATE SET
       seq = CASE WHEN excluded.seq > read_position.seq THEN excluded.seq ELSE read_position.seq END,
       synced_ms = CASE WHEN excluded.synced_ms > coalesce(read_position.synced_ms, -1)
         THEN excluded.synced_ms ELSE read_position.synced_ms END`,
    ...[terminal, epoch, seq, syncedMs],
  );
}
