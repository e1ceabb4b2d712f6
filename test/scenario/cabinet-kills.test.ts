// A cabinet's terminal is killed at every step between INTENT and OUTCOME, again and again, while its visitor does what
// visitors do in the dark. After each start the sensors decide, no INTENT moves a second time, and nobody pays in doubt.
// STILE_KILLS sets how often each window is met, STILE_SEED what the visitors do.
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { SeededEntropy } from '../../runtime/core/entropy.ts';
import type { Row } from '../../runtime/records/row.ts';
import { itemNamed } from '../../simulators/cabinet/slot.ts';
import { CabinetRig } from '../fixtures/cabinet-rig.ts';

const kills = Number(process.env['STILE_KILLS'] ?? 3);
const seed = process.env['STILE_SEED'] ?? '1';

vi.setConfig({ testTimeout: 120_000 + kills * 60_000, hookTimeout: 60_000 });

type Deed = 'takes' | 'shuts' | 'waits';

interface Window {
  readonly name: string;
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
    name: 'between INTENT and pulse',
    fault: () => ['--fault', 'kill-after-intent=1'],
    deeds: ['waits'],
    speaks: false,
    pulses: 0,
  },
  { name: 'between pulse and sensor', fault: () => [], deeds: ['takes', 'shuts', 'waits'], speaks: false, pulses: 1 },
  {
    name: 'between sensor and OUTCOME',
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

const met = new Map<string, number>();
afterAll(() => console.info(`kills met: ${[...met].map(([name, count]) => `${count} ${name}`).join(', ')}`));

let hall: CabinetRig;
afterEach(() => hall.close());

describe.each(windows)('killed $name', (window) => {
  it(`${kills} times, seed ${seed}: one defined outcome each, and never a second pulse for one INTENT`, async () => {
    expect(kills).toBeGreaterThan(0);
    const chance = new SeededEntropy(`${window.name} ${seed}`);
    const pick = <T>(from: readonly [T, ...T[]] | readonly T[]): T =>
      from[(chance.bytes(1)[0] ?? 0) % from.length] as T;
    hall = await CabinetRig.open({ lending: { takeWithinMs: 60_000 } });
    await hall.startServing(window.fault(false));
    for (let round = 0; round < kills; round++) {
      const deed = pick(window.deeds);
      const pulsesBefore = hall.cabinet.unlocks.length;
      const endedBefore = (await hall.outcomes()).length;
      const code = hall.loanCode();
      const slot = await killedWith(window, code, deed);
      // The window was met: an INTENT stands open, and the cabinet felt what it should have.
      expect((await openIntents()).map(({ payload }) => payload.slot)).toEqual([slot]);
      expect(hall.cabinet.unlocks.length - pulsesBefore).toBe(window.pulses);
      met.set(window.name, (met.get(window.name) ?? 0) + 1);

      const again = window.speaks && round % 2 === 1;
      if (again) await killedWhileResolving();
      await hall.startTerminal(window.fault(true));
      if (deed === 'waits' && window.pulses > 0) {
        // Within reach behind an open latch: the time begins anew, without a pulse.
        expect((await hall.takeOffered()).slot).toBe(slot);
        expect((await hall.outcomesAfter(endedBefore)).at(-1)?.payload).toMatchObject({ outcome: 'taken' });
      } else {
        const outcome = (await hall.outcomesAfter(endedBefore)).at(-1);
        expect(outcome?.payload).toMatchObject(found[deed === 'takes' ? 'gone' : 'held']);
      }
      expect(await openIntents()).toEqual([]);
      expect(hall.cabinet.unlocks.length - pulsesBefore).toBe(window.pulses);
      await backToTheStart(slot, code, endedBefore);
    }
    const { intents, unlocks } = await hall.noIntentMovedTwice();
    expect(intents).toBe(kills);
    expect(unlocks).toBe(kills * window.pulses);
    await hall.everyRowArrivedOnce();
    expect(met.get(window.name)).toBe(kills);
  });
});

/** Borrows until the terminal is dead; resolves with the slot of its motion. */
async function killedWith(window: Window, code: string, deed: Deed): Promise<number> {
  const byPulse = window.pulses > 0 && !window.speaks;
  const { pid } = hall.terminal;
  const stop = hall.cabinet.unlocked.on(() => byPulse && pid !== null && process.kill(pid, 'SIGKILL'));
  await hall.scanner.show(code);
  if (window.speaks) {
    const slot = await hall.prompted('takeGuide');
    if (deed === 'takes') hall.cabinet.take(slot);
    else hall.cabinet.pushShut(slot);
  }
  await hall.until('the kill', () => hall.terminal.state === 'dead');
  stop();
  const [intent] = await openIntents();
  const slot = intent?.payload.slot ?? 0;
  if (!window.speaks && deed === 'takes') hall.cabinet.take(slot);
  if (!window.speaks && deed === 'shuts') hall.cabinet.pushShut(slot);
  return slot;
}

/** Power goes again while the start writes down what the sensors found. */
async function killedWhileResolving(): Promise<void> {
  await hall.terminal.start(['--fault', 'kill-before-outcome=1']);
  await hall.until('the second kill', () => hall.terminal.state === 'dead');
  expect(await openIntents()).toHaveLength(1);
}

/** The guide is in its slot and may be lent; its code is used up where it was taken. */
async function backToTheStart(slot: number, code: string, endedBefore: number): Promise<void> {
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
async function openIntents(): Promise<readonly Row[]> {
  const rows = await hall.rows();
  const actOf = ({ payload }: Row): string => Buffer.from(payload.actId ?? []).toString('hex');
  const ended = new Set(rows.filter(({ type }) => type === 'OUTCOME').map(actOf));
  return rows.filter((row) => row.type === 'INTENT' && !ended.has(actOf(row)));
}
