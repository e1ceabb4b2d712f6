// When the chain is signed, and that each signature covers what it says, on a real journal.
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../runtime/core/log.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import type { Row } from '../../../runtime/records/row.ts';
import type { CommitFault } from '../../../runtime/store/faults.ts';
import { Checkpointer, checkpointLimits, checkpointMessage } from '../../../runtime/terminal/checkpointer.ts';
import { draft, JournalRig, ride } from '../../fixtures/journal-rig.ts';

const keys = generateKeyPairSync('ed25519');
const signer = { alg: -8, sign: (message: Uint8Array) => new Uint8Array(sign(null, message, keys.privateKey)) };
const timeMs = 1_767_600_000_000;

let rig: JournalRig;
let clock: VirtualClock;
let checkpointer: Checkpointer;
beforeEach(() => {
  rig = new JournalRig();
  clock = new VirtualClock();
});
afterEach(() => rig.end());

async function open(failAt: readonly CommitFault[] = []): Promise<void> {
  await rig.open({ faults: { failAt } });
  checkpointer = new Checkpointer(
    {
      journal: rig.journal,
      signer,
      operator: 'demo',
      terminal: 'bus-1',
      clock,
      logger: silentLogger,
      draft: (type, payload) => draft(payload(timeMs), type, timeMs),
    },
    -1,
  );
}
async function commit(rows: number): Promise<void> {
  await rig.journal.commit(Array.from({ length: rows }, (_, count) => ride(count)));
  checkpointer.rowsCommitted(Array.from({ length: rows }, () => 'DECISION' as const));
}
const checkpoints = async (): Promise<readonly Row[]> => (await rig.rows()).filter(({ type }) => type === 'CHECKPOINT');
/** Joins a signing that is under way, or finds nothing to sign. */
const settled = () => checkpointer.sign('time');

describe('a checkpoint', () => {
  it('is written after 100 rows, and its signature covers them', async () => {
    await open();
    await commit(checkpointLimits.rows - 1);
    expect(await checkpoints()).toEqual([]);
    await commit(1);
    await settled();
    const [row] = await checkpoints();
    const { firstSeq = -1, lastSeq = -1, head, signature, count } = row?.payload ?? {};
    expect([firstSeq, lastSeq, count]).toEqual([0, 100, 101]);
    const [last] = rig.journal.read(row?.epoch ?? 0, lastSeq, 1);
    expect(head).toEqual(last?.hash);
    const subject = {
      operator: 'demo',
      terminal: 'bus-1',
      epoch: row?.epoch ?? 0,
      firstSeq,
      lastSeq,
      head: last?.hash ?? new Uint8Array(),
      tWallMs: row?.tWallMs ?? 0,
    };
    const signed = (of: typeof subject) =>
      verify(null, checkpointMessage(of), keys.publicKey, signature ?? new Uint8Array());
    expect(signed(subject)).toBe(true);
    for (const other of [{ terminal: 'bus-2' }, { operator: 'other' }, { epoch: 1 }, { lastSeq: 99 }, { tWallMs: 0 }]) {
      expect(signed({ ...subject, ...other })).toBe(false);
    }
  });

  it('is written 60 s after the first unsigned row', async () => {
    await open();
    await commit(1);
    await clock.advance(checkpointLimits.afterMs - 1);
    expect(await checkpoints()).toEqual([]);
    await clock.advance(1);
    await settled();
    expect(await checkpoints()).toHaveLength(1);
  });

  it('continues where the one before ended, and neither it nor a receipt alone causes another', async () => {
    await open();
    await commit(1);
    await checkpointer.sign('shutdown');
    checkpointer.rowsCommitted(['CHECKPOINT', 'RECEIPT']);
    await clock.advance(2 * checkpointLimits.afterMs);
    await checkpointer.sign('shutdown');
    expect(await checkpoints()).toHaveLength(1);
    await commit(1);
    await checkpointer.sign('shutdown');
    expect((await checkpoints()).map(({ payload }) => [payload.firstSeq, payload.lastSeq])).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('signs the whole tail at a start, also rows of which nothing was counted', async () => {
    await open();
    await rig.ride(3);
    await checkpointer.sign('boot');
    expect((await checkpoints())[0]?.payload).toMatchObject({ trigger: 'boot', firstSeq: 0, lastSeq: 3 });
  });

  it('that could not be written leaves its rows to the next', async () => {
    await open([{ commit: 3, how: 'ioerr-absent' }]);
    await commit(1);
    await checkpointer.sign('shutdown');
    expect(rig.incidents.map(({ kind }) => kind)).toEqual(['fault']);
    expect(await checkpoints()).toEqual([]);
    await checkpointer.sign('shutdown');
    expect((await checkpoints())[0]?.payload).toMatchObject({ firstSeq: 0, lastSeq: 1 });
  });
});
