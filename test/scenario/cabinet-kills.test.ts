// A cabinet's terminal is killed at every step between INTENT and the cursor of the uplink, again and again, while its
// visitor does what visitors do in the dark. After each start the sensors decide, no INTENT moves a second time, nobody
// pays in doubt, and the head end has every row once. STILE_KILLS sets how often each window is met, STILE_SEED what
// happens in it.
import { afterAll, describe, expect, it, vi } from 'vitest';
import { hex } from '../../runtime/core/bytes.ts';
import { pick, SeededEntropy } from '../../runtime/core/entropy.ts';
import { decodeLedger, ledgerSpaces } from '../../runtime/machines/cabinet/projections.ts';
import { replay } from '../../runtime/machines/cabinet/replay.ts';
import { encodeTicketUse, useSpace } from '../../runtime/machines/shared/use-ledger.ts';
import { decodeRow, type Row } from '../../runtime/records/row.ts';
import { itemNamed } from '../../simulators/cabinet/slot.ts';
import { CabinetRig } from '../fixtures/cabinet-rig.ts';
import { KillTally, type KillWindow, killsPerWindow as kills } from '../fixtures/kill-tally.ts';
import {
  type Act,
  died,
  everyRowStoredOnce,
  killBeforeCursor,
  killedBeforeAck,
  killedBeforeCursor,
  sideBySide,
  withJournal,
} from '../fixtures/killed-on-the-way.ts';

const seed = process.env['STILE_SEED'] ?? '1';
const inTurn = sideBySide(3);

vi.setConfig({ testTimeout: 120_000 + kills * 60_000, hookTimeout: 60_000 });

type Deed = 'takes' | 'shuts' | 'waits';

interface Window {
  readonly name: KillWindow;
  /** Faults of a process that has nothing to recover from, and of one that has. */
  readonly fault: (recovers: boolean) => readonly string[];
  /** What the visitor may do: before the kill where sensors have to speak for it, else in the dark. */
  readonly deeds: readonly Deed[];
  readonly speaks: boolean;
  /** Pulses that the killed motion has had. */
  readonly pulses: number;
}

const windows: readonly Window[] = [
  {
    name: 'INTENT-pulse',
    fault: () => ['--fault', 'kill-after-intent=1'],
    deeds: ['waits'],
    speaks: false,
    pulses: 0,
  },
  { name: 'pulse-sensor', fault: () => [], deeds: ['takes', 'shuts', 'waits'], speaks: false, pulses: 1 },
  {
    name: 'sensor-OUTCOME',
    // The start after a kill writes the OUTCOME of the motion it found open.
    fault: (recovers) => ['--fault', `kill-before-outcome=${recovers ? 2 : 1}`],
    deeds: ['takes', 'shuts'],
    speaks: true,
    pulses: 1,
  },
];

/** What section "after a power cut" of docs/cabinet.md promises for what the sensors find. */
const found: Readonly<Record<'held' | 'gone', object>> = {
  held: { outcome: 'not_taken', trigger: 'boot' },
  gone: { outcome: 'taken', trigger: 'boot', detail: 'presumed', review: true },
};

const tally = new KillTally('cabinet');
afterAll(() => console.info(tally.text));

describe.concurrent(`a cabinet, ${kills} kills in each window, seed ${seed}`, () => {
  it.each(windows)('$name: one defined outcome each, and never a second pulse for one INTENT', (window) =>
    withHall(window.name, async (hall) => {
      const chance = new SeededEntropy(`cabinet ${window.name} ${seed}`);
      await hall.startServing(window.fault(false));
      for (let round = 0; round < kills; round++) {
        const deed = window.deeds[pick(chance, window.deeds.length)] ?? 'waits';
        const pulsesBefore = hall.cabinet.unlocks.length;
        const endedBefore = (await hall.outcomes()).length;
        const code = hall.loanCode();
        const slot = await killedWith(hall, window, code, deed);
        // The window was met: an INTENT stands open, and the cabinet felt what it should have.
        expect((await openIntents(hall)).map(({ payload }) => payload.slot)).toEqual([slot]);
        expect(hall.cabinet.unlocks.length - pulsesBefore).toBe(window.pulses);
        tally.met(window.name);

        const again = window.speaks && round % 2 === 1;
        if (again) await killedWhileResolving(hall);
        await hall.startTerminal(window.fault(true));
        if (deed === 'waits' && window.pulses > 0) {
          // Within reach behind an open latch: the time begins anew, without a pulse.
          expect((await hall.takeOffered()).slot).toBe(slot);
          expect((await hall.outcomesAfter(endedBefore)).at(-1)?.payload).toMatchObject({ outcome: 'taken' });
        } else {
          const outcome = (await hall.outcomesAfter(endedBefore)).at(-1);
          expect(outcome?.payload).toMatchObject(found[deed === 'takes' ? 'gone' : 'held']);
        }
        expect(await openIntents(hall)).toEqual([]);
        expect(hall.cabinet.unlocks.length - pulsesBefore).toBe(window.pulses);
        await backToTheStart(hall, slot, code, endedBefore);
      }
      const { intents, unlocks } = await hall.noIntentMovedTwice();
      expect(intents).toBe(kills);
      expect(unlocks).toBe(kills * window.pulses);
    }),
  );

  it('commit-ack: the guide is taken; the head end learns of it once, whether or not it knew', () =>
    withHall('commit-ack', async (hall) => {
      const chance = new SeededEntropy(`cabinet commit-ack ${seed}`);
      await hall.startServing();
      for (let round = 1; round <= kills; round++) {
        const code = hall.loanCode();
        const stored = pick(chance, 2) === 1;
        await killedBeforeAck(hall, takes(hall, code), { stored, pauseMs: pick(chance, 100) });
        tally.met('commit-ack');
        await backWith(hall, round, code);
      }
    }));

  it('ack-cursor: the head end has said that it knows; that it is told again doubles nothing', () =>
    withHall('ack-cursor', async (hall) => {
      await hall.startServing(killBeforeCursor);
      for (let round = 1; round <= kills; round++) {
        const code = hall.loanCode();
        await killedBeforeCursor(hall, takes(hall, code));
        tally.met('ack-cursor');
        await backWith(hall, round, code, round < kills ? killBeforeCursor : []);
      }
    }));
});

describe('the kills of a cabinet', () => {
  it(`fell ${kills} times in each window`, () => tally.check(kills));
});

/** A cabinet of its own, and what holds at the end of every story. */
function withHall(window: KillWindow, story: (hall: CabinetRig) => Promise<void>): Promise<void> {
  return inTurn(async () => {
    tally.reset(window);
    const hall = await CabinetRig.open({ lending: { takeWithinMs: 60_000 } });
    try {
      await story(hall);
      await hall.noIntentMovedTwice();
      await everyRowStoredOnce(hall);
      await hall.terminal.end('SIGKILL');
      await remembersWhatRowsSay(hall);
    } finally {
      await hall.close();
    }
  });
}

/** A visitor takes a guide on `code`. */
function takes(hall: CabinetRig, code: string): Act {
  let slot = 0;
  return {
    begin: async () => {
      await hall.scanner.show(code);
      slot = await hall.prompted('takeGuide');
    },
    end: async () => {
      const before = (await hall.outcomes()).length;
      hall.cabinet.take(slot);
      const row = (await hall.outcomesAfter(before)).at(-1);
      if (row?.payload.outcome !== 'taken') throw new Error(`the outcome is ${row?.payload.outcome}`);
      return row;
    },
  };
}

/** The process is back after so many loans, the last on `code`: it knows all and moves nothing. */
async function backWith(hall: CabinetRig, loans: number, code: string, fault: readonly string[] = []): Promise<void> {
  const taken = (await hall.outcomes()).at(-1)?.payload;
  await hall.startTerminal(fault);
  await backToTheStart(hall, taken?.slot ?? 0, code, loans - 1);
  expect((await hall.outcomes()).map(({ payload }) => payload.outcome)).toEqual(Array(loans).fill('taken'));
  expect(hall.cabinet.unlocks, 'no second pulse').toHaveLength(loans);
}

/** What the dead cabinet kept beside its rows is what the rows alone give. */
async function remembersWhatRowsSay(hall: CabinetRig): Promise<void> {
  const { rows, ledger, uses } = await withJournal(hall, (reader) => {
    const values = (space: string) => reader.projections(space).map(([, value]) => value);
    return {
      rows: [...reader.rows()].map(({ body }) => decodeRow(body)),
      ledger: decodeLedger({
        orders: values(ledgerSpaces.order),
        slots: values(ledgerSpaces.slot),
        answers: values(ledgerSpaces.answer),
      }),
      uses: Object.fromEntries(reader.projections(useSpace).map(([key, value]) => [hex(key), hex(value)])),
    };
  });
  const told = replay(rows);
  expect(ledger, 'the ledger is the fold of its rows').toEqual(told.ledger);
  expect(uses).toEqual(Object.fromEntries([...told.uses].map(([key, { use }]) => [key, hex(encodeTicketUse(use))])));
}

/** Borrows until the terminal is dead; resolves with the slot of its motion. */
async function killedWith(hall: CabinetRig, window: Window, code: string, deed: Deed): Promise<number> {
  const byPulse = window.pulses > 0 && !window.speaks;
  const { pid } = hall.terminal;
  const stop = hall.cabinet.unlocked.on(() => byPulse && pid !== null && process.kill(pid, 'SIGKILL'));
  await hall.scanner.show(code);
  if (window.speaks) {
    const slot = await hall.prompted('takeGuide');
    if (deed === 'takes') hall.cabinet.take(slot);
    else hall.cabinet.pushShut(slot);
  }
  await died(hall);
  stop();
  const [intent] = await openIntents(hall);
  const slot = intent?.payload.slot ?? 0;
  if (!window.speaks && deed === 'takes') hall.cabinet.take(slot);
  if (!window.speaks && deed === 'shuts') hall.cabinet.pushShut(slot);
  return slot;
}

/** Power goes again while the start writes down what the sensors found. */
async function killedWhileResolving(hall: CabinetRig): Promise<void> {
  await hall.terminal.start(['--fault', 'kill-before-outcome=1']);
  await died(hall);
  expect(await openIntents(hall)).toHaveLength(1);
}

/** The guide is in its slot and may be lent; its code is used up where it was taken. */
async function backToTheStart(hall: CabinetRig, slot: number, code: string, endedBefore: number): Promise<void> {
  const taken = (await hall.outcomes()).slice(endedBefore).find(({ payload }) => payload.outcome === 'taken');
  if (taken === undefined) return;
  expect(await hall.show(code)).toMatchObject({ reason: 'ALREADY_USED' });
  const item = String(taken.payload.item);
  expect(hall.cabinet.slot(slot).item).toBeNull();
  const slotRows = async () =>
    (await hall.rows()).filter(({ payload }) => payload.act === 'slot' && payload.slot === slot);
  const before = (await slotRows()).length;
  hall.cabinet.load(slot, itemNamed(item));
  await hall.until('the guide to be back', async () => (await slotRows()).length > before);
  await hall.is(slot, 'AVAILABLE');
}

/** INTENTs that no OUTCOME names. */
async function openIntents(hall: CabinetRig): Promise<readonly Row[]> {
  const rows = await hall.rows();
  const actOf = ({ payload }: Row): string => Buffer.from(payload.actId ?? []).toString('hex');
  const ended = new Set(rows.filter(({ type }) => type === 'OUTCOME').map(actOf));
  return rows.filter((row) => row.type === 'INTENT' && !ended.has(actOf(row)));
}
