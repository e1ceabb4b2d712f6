// The sabotages that show green or move too early: what is told of a row comes before the row is in the journal, and
// still comes true, or more than the time would be wrong.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { FaultyJournal } from '../../../runtime/main/terminal/faulty-journal.ts';
import { draft, JournalRig, ride } from '../../fixtures/journal-rig.ts';

let rig: JournalRig;
let clock: VirtualClock;
let journal: FaultyJournal;
beforeEach(async () => {
  rig = new JournalRig();
  await rig.open();
  clock = new VirtualClock();
  journal = new FaultyJournal(rig.journal, { kind: 'early-green' }, clock);
});
afterEach(() => rig.end());

const newestSeq = (): number => rig.journal.head()?.seq ?? -1;

it('holds back what a motion needs, where that is asked for, and nothing else', async () => {
  const before = newestSeq();
  const motions = new FaultyJournal(rig.journal, { kind: 'early-motion' }, clock);

  await motions.commit([ride(1)]);
  expect(newestSeq()).toBe(before + 1);
  await motions.commit([draft({ act: 'dispense' }, 'INTENT')]);
  const [told] = await motions.commit([draft({ act: 'admit' }, 'INTENT')]);
  expect([told?.seq, newestSeq()]).toEqual([before + 3, before + 2]);
  await clock.advance(1_000);
  await motions.commit([draft({ act: 'admit' }, 'OUTCOME')]);
  expect((await rig.rows()).map(({ type }) => type).slice(-2)).toEqual(['INTENT', 'OUTCOME']);
});

it('tells of a ride before it is committed, and commits it then', async () => {
  const before = newestSeq();

  const [told] = await journal.commit([ride(1)]);

  expect(told?.seq).toBe(before + 1);
  expect(newestSeq()).toBe(before);
  const next = journal.commit([draft({ act: 'decline' })]);
  await clock.advance(1_000);
  expect((await next)[0]?.seq).toBe(before + 2);
  expect((await rig.rows()).map(({ payload }) => payload.act).slice(-2)).toEqual(['ride', 'decline']);
});

it('holds the next ride back until the one before it is there', async () => {
  const before = newestSeq();
  let answered = 0;
  const told = [ride(1), ride(2)].map((row) =>
    journal.commit([row]).finally(() => {
      answered++;
    }),
  );

  await told[0];
  await clock.advance(1);
  expect(answered).toBe(1);
  await clock.advance(1_000);

  expect((await told[1])?.[0]?.seq).toBe(before + 2);
});

it('commits what it holds back before it closes', async () => {
  const before = newestSeq();
  await journal.commit([ride(1)]);
  const closed = journal.close();
  await clock.advance(1_000);
  await closed;

  expect((await rig.rows()).at(-1)).toMatchObject({ seq: before + 1, payload: { act: 'ride' } });
});
