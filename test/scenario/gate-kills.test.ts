// A gate lane whose process is killed at seeded moments, again and again: whatever the moment, the barrier never moves
// twice for one INTENT, every INTENT has one outcome, and the outcome is what the barrier could still tell.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SeededEntropy } from '../../runtime/core/entropy.ts';
import { GateRig, type GateRigOptions, motionMs } from '../fixtures/gate-rig.ts';

/** In each window. Many more by STILE_KILLS. */
const kills = Number(process.env['STILE_KILLS'] ?? 1);

vi.setConfig({ testTimeout: 120_000 + kills * 60_000, hookTimeout: 60_000 });

let lane: GateRig;
afterEach(() => lane.close());

const open = async (options: GateRigOptions = {}): Promise<void> => {
  lane = await GateRig.open(options);
  await lane.startHeadEnd();
};

/** As long as a controller may wait, so that a barrier can still be open when the process is back. */
const longWaitMs = 10_000;
/** Nobody can call a barrier about to lock that is open for so long. */
const surelyOpenMs = motionMs + 500;

for (const kind of ['relay', 'digicon'] as const) {
  describe(`${kind} gate, ${kills} kills in each window`, () => {
    it('between INTENT and pulse: nothing moved and nothing moves later; in doubt, and the ticket is good once more', async () => {
      await open({ kind });
      const hits = await repeatedly(async (round) => {
        const ticket = await dieAt('kill-after-intent=1');
        expect(lane.pulses, 'no pulse').toHaveLength(round);
        await restart();
        expect(await newestOutcome()).toBe('in_doubt');
        expect(lane.pulses, 'still no pulse').toHaveLength(round);
        expect(await lane.show(ticket)).toMatchObject({ cue: 'accepted' });
        expect(await lane.people.walk('entry')).toBe('passed');
        await lane.until('the passage', async () => (await newestOutcome()) === 'passed');
        await lane.locked();
      });
      await afterwards('INTENT-pulse', hits);
    });

    it('between sensor and OUTCOME: the person is through, nobody knows; in doubt and counted inside', async () => {
      await open({ kind });
      const hits = await repeatedly(async (round) => {
        const walking = dieAt('kill-before-outcome=1', async () => void lane.people.walk('entry'));
        await walking;
        expect(lane.pulses).toHaveLength(round + 1);
        await lane.locked();
        await restart();
        expect(await newestOutcome()).toBe('in_doubt');
        expect((await lane.outcomes()).at(-1)?.payload.occupancy).toBe(round + 1);
        expect(lane.pulses, 'no second pulse').toHaveLength(round + 1);
      });
      await afterwards('sensor-OUTCOME', hits);
    });
  });
}

describe(`relay gate, ${kills} kills in each window`, () => {
  it.each(['who comes when the process is back', 'who never comes', 'who comes meanwhile'] as const)(
    'between pulse and sensor, for a person %s',
    async (who) => {
      await open({ controllerWaitMs: longWaitMs });
      const chance = new SeededEntropy(`pulse-sensor ${who}`);
      const hits = await repeatedly(async (round) => {
        await lane.startTerminal();
        await servesAgain();
        expect(await lane.show(lane.ticket())).toMatchObject({ cue: 'accepted' });
        await lane.until('the pulse', () => lane.pulses.length === round + 1 && lane.pulses.at(-1)?.taken === true);
        await pause((chance.bytes(1)[0] ?? 0) * 2);
        await lane.terminal.end('SIGKILL');
        expect(await openIntents()).toBe(1);
        if (who === 'who comes meanwhile') {
          expect(await lane.people.walk('entry')).toBe('passed');
          await lane.locked();
        }
        await lane.startTerminal();
        const wasOpen = await staysOpen();
        if (who === 'who comes when the process is back' && wasOpen)
          expect(await lane.people.walk('entry')).toBe('passed');
        await lane.until('the outcome', async () => (await openIntents()) === 0);
        const known = who === 'who never comes' ? 'not_passed' : 'passed';
        expect(await newestOutcome()).toBe(wasOpen ? known : 'in_doubt');
        expect(lane.pulses, 'no second pulse').toHaveLength(round + 1);
        await lane.locked();
        await lane.terminal.end('SIGKILL');
      });
      await afterwards(`pulse-sensor, ${who}`, hits, 0);
    },
  );
});

/** Plays `round` so often; returns how many came to their end. */
async function repeatedly(round: (round: number) => Promise<void>): Promise<number> {
  let hits = 0;
  for (; hits < kills; hits++) await round(hits);
  return hits;
}

/** A process that will kill itself admits somebody; resolves with the ticket when it is dead, an INTENT open. */
async function dieAt(fault: string, meanwhile: () => Promise<void> = async () => {}): Promise<string> {
  await lane.terminal.end('SIGKILL');
  await lane.startTerminal(['--fault', fault]);
  await servesAgain();
  const ticket = lane.ticket();
  await lane.scanner.show(ticket);
  await meanwhile();
  await lane.until('the kill', () => lane.terminal.state === 'dead');
  expect(await openIntents(), 'the window was hit').toBe(1);
  return ticket;
}

/** Resolves when what was open is resolved, and staff have been called for the doubt. */
async function restart(): Promise<void> {
  const before = lane.answers.length;
  await lane.startTerminal();
  await lane.until('the outcome', async () => (await openIntents()) === 0);
  await lane.until('the call for staff', () => lane.answers.slice(before).some(({ cue }) => cue === 'staff'));
}

/** Documents are fetched at the first start and kept from then on. */
const servesAgain = (): Promise<void> =>
  lane.until('rules and deny list', async () => {
    const acts = new Set((await lane.rows()).map(({ payload }) => payload.act));
    return acts.has('rules') && acts.has('deny');
  });

const openIntents = async (): Promise<number> => (await lane.intents()).length - (await lane.outcomes()).length;
const newestOutcome = async (): Promise<string | undefined> => (await lane.outcomes()).at(-1)?.payload.outcome;

/** Whether the barrier is open for so long that nobody can call it about to lock. */
async function staysOpen(): Promise<boolean> {
  for (const deadline = performance.now() + surelyOpenMs; performance.now() < deadline; await pause(20))
    if (lane.barrier.state.phase !== 'released') return false;
  return true;
}

async function afterwards(window: string, hits: number, running = 1): Promise<void> {
  await lane.everyIntentEndedOnce();
  const { intents, pulses } = await lane.noIntentMovedTwice();
  process.stdout.write(`${window}: ${hits} kills, ${intents} INTENTs, ${pulses} pulses\n`);
  expect(hits, 'an empty window proves nothing').toBeGreaterThan(0);
  if (running === 0) await lane.startTerminal();
  await lane.everyRowArrivedOnce();
}

const pause = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs));
