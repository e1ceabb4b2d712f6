// What a start reads back from a real journal, also across an epoch that damage closed.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { validatorDefaults } from '../../../runtime/machines/validator/config.ts';
import { recover, refillRing, tailRowsMax } from '../../../runtime/terminal/recovery.ts';
import { spaces } from '../../../runtime/terminal/spaces.ts';
import { recoverTrip } from '../../../runtime/terminal/validator/recovered-trip.ts';
import { ReplayRing } from '../../../runtime/tokens/replay-ring.ts';
import { bootId, draft, JournalRig, momentAt } from '../../fixtures/journal-rig.ts';

const startMs = 1_767_600_000_000;
let rig: JournalRig;
beforeEach(async () => {
  rig = new JournalRig();
  await rig.open();
});
afterEach(() => rig.end());

const digest = (mark: number): Uint8Array => new Uint8Array(32).fill(mark);
const accept = (mark: number, timeMs = startMs) =>
  rig.journal.commit([draft({ act: 'ride', reason: 'OK', digest: digest(mark) }, 'DECISION', timeMs)]);

describe('recovery', () => {
  it('of an empty journal finds its GENESIS and nothing else', () => {
    expect(recover(rig.journal)).toMatchObject({ signedUpto: -1, tail: [{ seq: 0, type: 'GENESIS' }] });
  });

  it('reads rows newest last, each once, also where the oldest were pruned', async () => {
    await rig.journal.commit(Array.from({ length: 400 }, () => draft({ act: 'ride' }, 'DECISION', startMs)));
    const { epoch = 0 } = rig.journal.head() ?? {};
    await rig.journal.prune(epoch, 249);
    const seqs = recover(rig.journal).tail.map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: 151 }, (_, at) => at + 250));
  });

  it('reads no further back than twenty minutes before the newest row, and never more than the ring holds', async () => {
    const old = Array.from({ length: 600 }, () => draft({ act: 'ride' }, 'DECISION', startMs - 3_600_000));
    await rig.journal.commit(old);
    await accept(1);
    expect(recover(rig.journal).tail).toHaveLength(256);
    for (let batch = 0; batch < 9; batch++) {
      await rig.journal.commit(Array.from({ length: 500 }, () => draft({ act: 'ride' }, 'DECISION', startMs)));
    }
    expect(recover(rig.journal).tail).toHaveLength(tailRowsMax);
  });

  it('a badge shown before a restart is shown before after it, a refused one is not', async () => {
    const shown = (mark: number, act: string, reason: 'OK' | 'WRONG_ROLE') =>
      rig.journal.commit([draft({ act, reason, digest: digest(mark) }, 'SERVICE', startMs)]);
    await shown(1, 'badge', 'OK');
    await shown(2, 'badge', 'WRONG_ROLE');
    await shown(3, 'decline', 'OK');
    const ring = new ReplayRing();
    const now = momentAt(startMs + 1_000);
    refillRing(ring, recover(rig.journal).tail, bootId, now);
    expect([1, 2, 3].map((mark) => ring.find(digest(mark), now.monoMs) !== null)).toEqual([true, false, false]);
  });

  it('a code accepted before damage does not pass again after it', async () => {
    await accept(1);
    await rig.journal.commit([draft({ act: 'checkpoint', lastSeq: 1 }, 'CHECKPOINT', startMs)]);
    await accept(2);
    await rig.shut();
    rig.inspect((database) => {
      database.exec('DROP TRIGGER journal_never_edited');
      database.exec('UPDATE journal SET hash = zeroblob(32) WHERE seq = 3');
    });
    expect((await rig.open()).how).toBe('salvaged');
    const recovered = recover(rig.journal);
    expect(recovered.signedUpto).toBe(-1);
    const ring = new ReplayRing();
    const now = momentAt(startMs + 1_000);
    refillRing(ring, recovered.tail, bootId, now);
    expect(ring.find(digest(1), now.monoMs)).toMatchObject({ seq: 1 });
    expect(ring.find(digest(9), now.monoMs)).toBeNull();
  });

  it('a trip that damage made unreadable is no trip, and no reason not to start', async () => {
    const damaged = { space: spaces.trip, key: Uint8Array.of(0), value: Uint8Array.of(0xff) };
    await rig.journal.commit([], [damaged]);
    expect(recoverTrip(rig.journal, recover(rig.journal), validatorDefaults).trip).toBeNull();
  });
});
