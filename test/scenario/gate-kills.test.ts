// A gate lane whose process is killed at seeded moments, again and again, in each window between a motion's INTENT and
// the cursor of the uplink: whatever the moment, the barrier never moves twice for one INTENT, every INTENT has one
// outcome, what the lane remembers is what its rows say, and the head end has every row once. STILE_KILLS sets how often
// each window is met, STILE_SEED what happens in it.
import { afterAll, describe, expect, it, vi } from 'vitest';
import { equal, hex } from '../../runtime/core/bytes.ts';
import { pick, SeededEntropy } from '../../runtime/core/entropy.ts';
import { encodeLaneMemory, laneSpace } from '../../runtime/machines/gate-lane/memory.ts';
import { replay } from '../../runtime/machines/gate-lane/replay.ts';
import { encodeTicketUse, useSpace } from '../../runtime/machines/shared/use-ledger.ts';
import { decodeRow } from '../../runtime/records/row.ts';
import { GateRig, type GateRigOptions, motionMs } from '../fixtures/gate-rig.ts';
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
const inTurn = sideBySide(4);

vi.setConfig({ testTimeout: 120_000 + kills * 60_000, hookTimeout: 60_000 });

/** As long as a controller may wait, so that a barrier can still be open when the process is back. */
const longWaitMs = 8_000;
/** The lanes of all windows share this process, which may look away for a moment. */
const openPulseMs = 500;
/** Nobody can call a barrier about to lock that is open for so long. */
const surelyOpenMs = motionMs + 500;

const relays = new KillTally('gate lane on relays');
const digicon = new KillTally('gate lane on Digicon', ['INTENT-pulse', 'sensor-OUTCOME']);
/** A Digicon cannot say where its barrier stands, so that each start waits until it is surely locked. */
const digiconKills = Math.ceil(kills / 10);
afterAll(() => console.info(`${relays.text}\n${digicon.text}`));

for (const { kind, tally, times } of [
  { kind: 'relay', tally: relays, times: kills },
  { kind: 'digicon', tally: digicon, times: digiconKills },
] as const) {
  describe.concurrent(`${kind} gate, ${times} kills in each window, seed ${seed}`, () => {
    it('INTENT-pulse: nothing moved and nothing moves later; in doubt, and the ticket is good once more', () =>
      withLane({ kind }, 'INTENT-pulse', tally, async (lane) => {
        await lane.startServing(['--fault', 'kill-after-intent=1']);
        let ticket = '';
        for (let round = 1; round <= times; round++) {
          ticket = lane.ticket();
          await lane.scanner.show(ticket);
          await died(lane);
          expect(await openIntents(lane)).toBe(1);
          tally.met('INTENT-pulse');
          await restart(lane, round < times ? ['--fault', 'kill-after-intent=1'] : []);
          expect(await outcomesOf(lane)).toEqual(Array(round).fill('in_doubt'));
          expect(lane.pulses, 'no pulse').toEqual([]);
        }
        expect(await lane.show(ticket)).toMatchObject({ cue: 'accepted' });
        expect(await lane.people.walk('entry')).toBe('passed');
        await lane.until('the passage', async () => (await outcomesOf(lane)).at(-1) === 'passed');
        expect(lane.pulses).toHaveLength(1);
      }));

    it('sensor-OUTCOME: the person is through, nobody knows; in doubt and counted inside', () =>
      withLane({ kind }, 'sensor-OUTCOME', tally, async (lane) => {
        await lane.startServing(['--fault', 'kill-before-outcome=1']);
        for (let round = 1; round <= times; round++) {
          await lane.scanner.show(lane.ticket());
          const walked = lane.people.walk('entry');
          await died(lane);
          expect(await openIntents(lane)).toBe(1);
          expect(lane.pulses).toHaveLength(round);
          tally.met('sensor-OUTCOME');
          expect(await walked).toBe('passed');
          await lane.locked();
          // The start after a kill writes the OUTCOME of the motion it found open.
          await restart(lane, round < times ? ['--fault', 'kill-before-outcome=2'] : []);
          expect(await outcomesOf(lane)).toEqual(Array(round).fill('in_doubt'));
          expect((await lane.outcomes()).at(-1)?.payload.occupancy).toBe(round);
          expect(lane.pulses, 'no second pulse').toHaveLength(round);
        }
      }));
  });
}

describe.concurrent(`relay gate, ${kills} kills in each further window, seed ${seed}`, () => {
  it('pulse-sensor: who comes meanwhile is in doubt, who comes later passes, who never comes keeps the ticket', () =>
    withLane({ controllerWaitMs: longWaitMs }, 'pulse-sensor', relays, async (lane) => {
      const chance = new SeededEntropy(`gate pulse-sensor ${seed}`);
      await lane.startServing();
      for (let round = 1; round <= kills; round++) {
        const who = (['later', 'meanwhile', 'meanwhile', 'later', 'never'] as const)[pick(chance, 5)] ?? 'later';
        expect(await lane.show(lane.ticket())).toMatchObject({ cue: 'accepted' });
        await lane.until('the pulse', () => lane.pulses.length === round && lane.pulses.at(-1)?.taken === true);
        await pause(pick(chance, 500));
        await lane.terminal.end('SIGKILL');
        expect(await openIntents(lane)).toBe(1);
        relays.met('pulse-sensor');
        if (who === 'meanwhile') {
          expect(await lane.people.walk('entry')).toBe('passed');
          await lane.locked();
        }
        const before = lane.answers.length;
        await lane.startTerminal();
        const wasOpen = await staysOpen(lane);
        if (who === 'later' && wasOpen) expect(await lane.people.walk('entry')).toBe('passed');
        await lane.until('the outcome', async () => (await openIntents(lane)) === 0);
        const outcome = (await outcomesOf(lane)).at(-1) ?? '';
        // Of a barrier that locks at about the time it is found, both are true: nobody went through since.
        const unsure = who === 'meanwhile' ? ['in_doubt'] : ['in_doubt', 'not_passed'];
        expect(wasOpen ? [who === 'never' ? 'not_passed' : 'passed'] : unsure).toContain(outcome);
        if (outcome === 'in_doubt') await staffCalled(lane, before);
        expect(lane.pulses, 'no second pulse').toHaveLength(round);
        await lane.locked();
        // The contacts of a locked barrier are believed once they have stopped bouncing.
        await pause(500);
      }
    }));

  it('commit-ack: the passage is written; the head end learns of it once, whether or not it knew', () =>
    withLane({ controllerWaitMs: longWaitMs }, 'commit-ack', relays, async (lane) => {
      const chance = new SeededEntropy(`gate commit-ack ${seed}`);
      await lane.startServing();
      for (let round = 1; round <= kills; round++) {
        const ticket = lane.ticket();
        const stored = pick(chance, 2) === 1;
        await killedBeforeAck(lane, passes(lane, ticket), { stored, pauseMs: pick(chance, 100) });
        relays.met('commit-ack');
        await backWith(lane, round, ticket);
      }
    }));

  it('ack-cursor: the head end has said that it knows; that it is told again doubles nothing', () =>
    withLane({ controllerWaitMs: longWaitMs }, 'ack-cursor', relays, async (lane) => {
      await lane.startServing(killBeforeCursor);
      for (let round = 1; round <= kills; round++) {
        const ticket = lane.ticket();
        await killedBeforeCursor(lane, passes(lane, ticket));
        relays.met('ack-cursor');
        await backWith(lane, round, ticket, round < kills ? killBeforeCursor : []);
      }
    }));
});

describe('the kills of a gate lane', () => {
  it(`fell ${kills} times in each window`, () => {
    relays.check(kills);
    digicon.check(digiconKills);
  });
});

/** A lane of its own, and what holds at the end of every story. */
function withLane(
  options: GateRigOptions,
  window: KillWindow,
  tally: KillTally,
  story: (lane: GateRig) => Promise<void>,
): Promise<void> {
  return inTurn(async () => {
    tally.reset(window);
    const lane = await GateRig.open({ openPulseMs, ...options });
    try {
      await story(lane);
      await lane.everyIntentEndedOnce();
      await lane.noIntentMovedTwice();
      await everyRowStoredOnce(lane);
      await lane.terminal.end('SIGKILL');
      await remembersWhatRowsSay(lane);
    } finally {
      await lane.close();
    }
  });
}

/** Resolves when what was open is resolved, and staff have been called for the doubt. */
async function restart(lane: GateRig, fault: readonly string[]): Promise<void> {
  const before = lane.answers.length;
  await lane.startTerminal(fault);
  await lane.until('the outcome', async () => (await openIntents(lane)) === 0);
  await staffCalled(lane, before);
}

/** For a doubt, by an answer behind the first `before`. */
const staffCalled = (lane: GateRig, before: number): Promise<void> =>
  lane.until('the call for staff', () => lane.answers.slice(before).some(({ cue }) => cue === 'staff'));

/** Somebody walks through with `ticket`. */
const passes = (lane: GateRig, ticket: string): Act => ({
  end: async () => {
    const before = (await lane.outcomes()).length;
    expect(await lane.show(ticket)).toMatchObject({ cue: 'accepted' });
    expect(await lane.people.walk('entry')).toBe('passed');
    await lane.until('the passage', async () => (await lane.outcomes()).length > before);
    const row = (await lane.outcomes()).at(-1);
    if (row?.payload.outcome !== 'passed') throw new Error(`the outcome is ${row?.payload.outcome}`);
    return row;
  },
});

/** The process is back after `passages` of them, the last with `ticket`: it knows all and moves nothing. */
async function backWith(lane: GateRig, passages: number, ticket: string, fault: readonly string[] = []): Promise<void> {
  await lane.locked();
  await lane.startTerminal(fault);
  expect(await lane.show(ticket)).toMatchObject({ reason: 'ALREADY_USED' });
  const outcomes = await lane.outcomes();
  expect(outcomes.map(({ payload }) => payload.outcome)).toEqual(Array(passages).fill('passed'));
  expect(outcomes.at(-1)?.payload.occupancy).toBe(passages);
  expect(lane.pulses, 'no second pulse').toHaveLength(passages);
}

/** What the dead lane kept beside its rows is what the rows alone give. */
async function remembersWhatRowsSay(lane: GateRig): Promise<void> {
  const { rows, memory, uses } = await withJournal(lane, (reader) => ({
    rows: [...reader.rows()].map(({ body }) => decodeRow(body)),
    memory: reader.projections(laneSpace)[0]?.[1] ?? new Uint8Array(0),
    uses: reader.projections(useSpace),
  }));
  const { uses: told, ...rest } = replay(rows);
  expect(equal(memory, encodeLaneMemory(rest)), 'the memory of the lane is the fold of its rows').toBe(true);
  const inHex = (entries: readonly (readonly [string, Uint8Array])[]) =>
    Object.fromEntries(entries.map(([key, value]) => [key, hex(value)]));
  expect(inHex(uses.map(([key, value]) => [hex(key), value]))).toEqual(
    inHex([...told].map(([key, { use }]) => [key, encodeTicketUse(use)])),
  );
}

const openIntents = async (lane: GateRig): Promise<number> =>
  (await lane.intents()).length - (await lane.outcomes()).length;

const outcomesOf = async (lane: GateRig): Promise<readonly (string | undefined)[]> =>
  (await lane.outcomes()).map(({ payload }) => payload.outcome);

/** Whether the barrier is open for so long that nobody can call it about to lock. */
async function staysOpen(lane: GateRig): Promise<boolean> {
  for (const deadline = performance.now() + surelyOpenMs; performance.now() < deadline; await pause(20))
    if (lane.barrier.state.phase !== 'released') return false;
  return true;
}

const pause = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs));
