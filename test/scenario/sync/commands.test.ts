// Commands: what was meant for this terminal, now and once, moves one thing once. Everything else moves nothing
// and leaves a SECURITY row. A hostile broker keeps, repeats, delays and swaps, and gets nowhere.
import { describe, expect, test } from 'vitest';
import { secondsOf, unixSeconds } from '../../../runtime/core/brand.ts';
import { type Bytes, hex } from '../../../runtime/core/bytes.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { SyncEvents, securityRowsPerHour } from '../../../runtime/main/terminal/sync-events.ts';
import { decodeRow, type Row } from '../../../runtime/records/row.ts';
import type { CoseSigner } from '../../../runtime/tokens/cose.ts';
import { commandDeskLimits } from '../../../sync/headend/command-desk.ts';
import { challengeLimits } from '../../../sync/terminal/challenges.ts';
import { MemoryBroker, type MemoryLink } from '../../../sync/terminal/link/memory-link.ts';
import {
  type Command,
  type CommandAct,
  commandBody,
  encodeChallenge,
  parseChallenge,
} from '../../../sync/wire/command.ts';
import { sealDocument } from '../../../sync/wire/document.ts';
import { terminalTopics } from '../../../sync/wire/topics.ts';
import { CommandedMachine } from '../../fixtures/commanded-machine.ts';
import { epochOfGeneration, MemoryJournal } from '../../fixtures/memory-journal.ts';
import {
  Authority,
  type HeadEndUnderTest,
  type JournalKeyPair,
  newHeadEnd,
  newSigner,
  newTerminal,
  operator,
  publishBasics,
  type TerminalUnderTest,
} from '../../fixtures/sync-world.ts';

const lane = 'lane-1';
const topics = terminalTopics(operator, lane);
const hold: CommandAct = { kind: 'hold', on: true, waitMinutes: 10 };
const open: CommandAct = { kind: 'open', direction: 'entry', reason: 'wheelchair' };

interface World {
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly authority: Authority;
  readonly head: HeadEndUnderTest;
  readonly gate: TerminalUnderTest;
  readonly machine: CommandedMachine;
  readonly trust: { untrusted: boolean };
}

function gateOf(w: Omit<World, 'gate' | 'head'>, more: { journal: MemoryJournal; keys?: JournalKeyPair; id?: string }) {
  const gate = newTerminal({
    id: lane,
    seed: 'commands',
    clock: w.clock,
    link: w.broker.link(more.id ?? lane),
    authority: w.authority,
    journal: more.journal,
    commands: w.machine,
    untrusted: () => w.trust.untrusted,
    ...(more.keys ? { keys: more.keys } : {}),
  });
  const events = new SyncEvents({
    write: async (type, payload) => gate.journal.append(type, payload),
    monoMs: () => w.clock.monoMs(),
    logger: silentLogger,
  });
  events.follow(gate.sync);
  return gate;
}

async function running(): Promise<World> {
  const clock = new VirtualClock();
  const broker = new MemoryBroker(clock);
  const authority = new Authority();
  const head = await newHeadEnd({ exchange: broker, clock, authority });
  const journal = new MemoryJournal(lane);
  const w = { clock, broker, authority, machine: new CommandedMachine(journal), trust: { untrusted: false } };
  const gate = gateOf(w, { journal });
  await head.headEnd.start();
  await head.headEnd.enrol(lane, gate.keys.publicKey);
  await publishBasics(head.headEnd, authority);
  gate.sync.start();
  await clock.advance(10_000);
  return { ...w, head, gate };
}

const securityRows = ({ gate }: World): readonly Row[] =>
  (gate.journal.rows.get(gate.journal.epoch) ?? [])
    .filter(({ type }) => type === 'SECURITY')
    .map(({ body }) => decodeRow(body));
const refusals = (w: World): readonly string[] =>
  securityRows(w).map(({ payload }) => `${payload.act}: ${payload.detail}`);

/** A command as the head end, a thief or a broken head end might sign it. */
function signed(
  w: World,
  change: Partial<Command> & { readonly signer?: CoseSigner; readonly target?: string } = {},
): Bytes {
  const { signer = w.authority.commands, target = lane, ...fields } = change;
  const iat = secondsOf(w.clock.wallMs());
  const command: Command = {
    commandId: new Uint8Array(16).fill(7),
    terminal: lane,
    epoch: w.gate.journal.epoch,
    counter: w.clock.wallMs(),
    notAfter: unixSeconds(iat + 30),
    act: hold,
    nonce: null,
    ...fields,
  };
  const header = { kind: 'command', operator, target, version: command.counter, iat, exp: command.notAfter } as const;
  return sealDocument(header, commandBody(command), signer);
}

async function deliver(w: World, payload: Bytes, retain = false): Promise<void> {
  w.broker.publish(topics.command, payload, { qos: 1, retain });
  await w.clock.advance(1_000);
}

describe('a command that is good', () => {
  test('is carried out once, and its row is the answer', async () => {
    const w = await running();
    const { commandId } = await w.head.headEnd.commands.send(lane, hold);
    await w.clock.advance(2_000);
    expect(w.machine.motions).toMatchObject([{ act: hold, terminal: lane }]);
    expect(w.head.headEnd.commands.statusOf(commandId)).toMatchObject({ state: 'answered', answer: 'passed' });
    const { ref } = w.head.headEnd.commands.statusOf(commandId) ?? {};
    expect(await w.head.headEnd.rowByReference(ref ?? '')).toMatchObject([{ type: 'OUTCOME', terminal: lane }]);
    expect(refusals(w)).toEqual([]);
    // Answered, so it is not sent again.
    await w.clock.advance(60_000);
    expect(w.machine.answeredAgain).toEqual([]);
  });

  test('that opens a gate answers the challenge of the gate first', async () => {
    const w = await running();
    const { commandId } = await w.head.headEnd.commands.send(lane, open);
    await w.clock.advance(3_000);
    expect(w.gate.commandEvents.map(({ kind }) => kind)).toEqual(['challenged', 'taken']);
    expect(w.machine.motions).toHaveLength(1);
    expect(w.machine.motions[0]?.nonce).toHaveLength(16);
    expect(w.head.headEnd.commands.statusOf(commandId)?.state).toBe('answered');
    expect(refusals(w)).toEqual([]);
  });

  test('that dispenses carries the nonce of the scanned code, which the machine alone may judge', async () => {
    const w = await running();
    const nonce = new SeededEntropy('cabinet code').bytes(16);
    const act: CommandAct = { kind: 'dispense', order: nonce.slice().reverse(), slot: 4, language: 'de' };
    await w.head.headEnd.commands.send(lane, act, { nonce });
    await w.clock.advance(2_000);
    expect(w.machine.motions).toMatchObject([{ act, nonce }]);
    await deliver(w, signed(w, { act, counter: w.clock.wallMs() }));
    expect(w.machine.motions).toHaveLength(1);
    expect(refusals(w)).toEqual(['command refused: UNKNOWN_NONCE']);
  });

  test('delivered three times moves one thing, and is answered three times', async () => {
    const w = await running();
    const bytes = signed(w);
    for (let time = 0; time < 3; time++) await deliver(w, bytes);
    expect(w.machine.motions).toHaveLength(1);
    expect(w.machine.answeredAgain).toHaveLength(2);
    expect(refusals(w)).toEqual([]);
  });

  test('delivered three times at one moment moves one thing', async () => {
    const w = await running();
    const bytes = signed(w);
    for (let time = 0; time < 3; time++) w.broker.publish(topics.command, bytes, { qos: 1, retain: false });
    await w.clock.advance(1_000);
    expect(w.machine.motions).toHaveLength(1);
    expect(w.machine.answeredAgain).toHaveLength(2);
  });

  test('known, it is answered again after a restart and after its end', async () => {
    const w = await running();
    const bytes = signed(w);
    await deliver(w, bytes);
    await w.gate.sync.stop();
    const again = gateOf(w, { journal: w.gate.journal, keys: w.gate.keys, id: 'lane-1-again' });
    again.sync.start();
    await w.clock.advance(400_000);
    await deliver(w, bytes);
    expect(w.machine.motions).toHaveLength(1);
    expect(w.machine.answeredAgain).toHaveLength(1);
  });

  test('that could not be committed moves nothing and may come again', async () => {
    const w = await running();
    w.machine.failing = true;
    const { commandId } = await w.head.headEnd.commands.send(lane, hold);
    await w.clock.advance(2_000);
    expect(w.gate.commandEvents).toMatchObject([{ kind: 'failed' }]);
    w.machine.failing = false;
    await w.clock.advance(commandDeskLimits.repeatMs);
    expect(w.machine.motionsOf(commandId)).toBe(1);
    expect(w.head.headEnd.commands.statusOf(commandId)?.state).toBe('answered');
  });

  test('that nobody hears is unanswered, and a late row is still its answer', async () => {
    const w = await running();
    (w.gate.link as MemoryLink).cut();
    const { commandId } = await w.head.headEnd.commands.send(lane, hold);
    await w.clock.advance(120_000);
    expect(w.head.headEnd.commands.statusOf(commandId)?.state).toBe('unanswered');
    (w.gate.link as MemoryLink).mend();
    w.gate.journal.append('OUTCOME', { act: 'hold', commandId, outcome: 'passed' });
    await w.clock.advance(20_000);
    expect(w.head.headEnd.commands.statusOf(commandId)?.state).toBe('answered');
    expect(w.machine.motions).toEqual([]);
  });

  test('counters rise over restarts of the head end and over a clock that was set back', async () => {
    const w = await running();
    await w.head.headEnd.commands.send(lane, hold);
    await w.clock.advance(2_000);
    await w.head.headEnd.stop();
    const head = await newHeadEnd({ exchange: w.broker, clock: w.clock, authority: w.authority, store: w.head.store });
    await head.headEnd.start();
    w.clock.stepWall(-10_000);
    await head.headEnd.commands.send(lane, { ...hold, on: false });
    await w.clock.advance(2_000);
    const [first = 0, second = 0] = w.machine.motions.map(({ counter }) => counter);
    expect(w.machine.motions).toHaveLength(2);
    expect(second).toBeGreaterThan(first);
  });
});

describe('a command that is refused moves nothing and is a SECURITY row', () => {
  test('RETAINED: a broker kept it', async () => {
    const w = await running();
    (w.gate.link as MemoryLink).cut();
    w.broker.publish(topics.command, signed(w), { qos: 1, retain: true });
    (w.gate.link as MemoryLink).mend();
    await w.clock.advance(10_000);
    expect(refusals(w)).toEqual(['command refused: RETAINED']);
    expect(w.machine.motions).toEqual([]);
  });

  test('of a kind that the machine does not carry out is refused by a row, asks for no nonce, and costs no counter', async () => {
    const w = await running();
    w.machine.acts = ['hold'];
    const counter = w.clock.wallMs();
    const challenges: Bytes[] = [];
    w.broker.subscribe(topics.request('challenge'), ({ payload }) => challenges.push(payload));
    await deliver(w, signed(w, { act: open, counter }));
    expect(refusals(w)).toEqual(['command refused: WRONG_ACT']);
    expect(challenges).toEqual([]);
    await deliver(w, signed(w, { act: hold, counter, commandId: new Uint8Array(16).fill(8) }));
    expect(w.machine.motions.map(({ act }) => act.kind)).toEqual(['hold']);
  });

  test.each<
    readonly [string, Parameters<typeof signed>[1] | ((w: World) => Parameters<typeof signed>[1]), string, boolean]
  >([
    ['WRONG_TARGET: addressed to another terminal', { target: 'lane-2' }, 'WRONG_TARGET', false],
    ['WRONG_TARGET: names another terminal inside', { terminal: 'lane-2' }, 'WRONG_TARGET', true],
    ['WRONG_EPOCH: meant for an earlier life of this terminal', { epoch: epochOfGeneration(9) }, 'WRONG_EPOCH', true],
    ['UNKNOWN_KEY: signed by a stranger', { signer: newSigner() }, 'UNKNOWN_KEY', false],
    ['WRONG_USE: signed by the key for receipts', (w) => ({ signer: w.authority.receipts }), 'WRONG_USE', false],
    [
      'MALFORMED: may begin for an hour',
      (w) => ({ notAfter: unixSeconds(secondsOf(w.clock.wallMs()) + 3_600) }),
      'MALFORMED',
      true,
    ],
    [
      'UNKNOWN_NONCE: an opening with a nonce of somebody else',
      { act: open, nonce: new Uint8Array(16) },
      'UNKNOWN_NONCE',
      true,
    ],
  ])('%s', async (_what, change, refusal, named) => {
    const w = await running();
    await deliver(w, signed(w, typeof change === 'function' ? change(w) : change));
    expect(refusals(w)).toEqual([`command refused: ${refusal}`]);
    expect(securityRows(w)[0]?.payload.commandId !== undefined).toBe(named);
    expect(w.machine.motions).toEqual([]);
    expect(w.machine.answeredAgain).toEqual([]);
  });

  test('BAD_SIGNATURE: a byte was changed on the way', async () => {
    const w = await running();
    const bytes = signed(w);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    await deliver(w, bytes);
    expect(refusals(w)).toEqual(['command refused: BAD_SIGNATURE']);
    expect(w.machine.motions).toEqual([]);
  });

  test.each([
    ['equal', 0],
    ['lower', -1],
  ])('REPLAYED: another command with an %s counter', async (_what, difference) => {
    const w = await running();
    const counter = w.clock.wallMs();
    await deliver(w, signed(w, { counter }));
    await deliver(w, signed(w, { counter: counter + difference, commandId: new Uint8Array(16).fill(8) }));
    expect(refusals(w)).toEqual(['command refused: REPLAYED']);
    expect(w.machine.motions).toHaveLength(1);
  });

  test('REPLAYED: an old command after a restart, when its id is long forgotten', async () => {
    const w = await running();
    const old = signed(w, {
      commandId: new Uint8Array(16).fill(1),
      notAfter: unixSeconds(secondsOf(w.clock.wallMs()) + 300),
    });
    await deliver(w, old);
    for (let other = 0; other < 33; other++) {
      await deliver(w, signed(w, { commandId: new Uint8Array(16).fill(100 + other) }));
    }
    const moved = w.machine.motions.length;
    await w.gate.sync.stop();
    const again = gateOf(w, { journal: w.gate.journal, keys: w.gate.keys, id: 'lane-1-again' });
    again.sync.start();
    await w.clock.advance(10_000);
    await deliver(w, old);
    expect(moved).toBe(34);
    expect(w.machine.motions).toHaveLength(34);
    expect(refusals(w)).toEqual(['command refused: REPLAYED']);
  });

  test('REPLAYED: a new epoch is no licence to hear old counters again', async () => {
    const w = await running();
    const counter = w.clock.wallMs();
    await deliver(w, signed(w, { counter }));
    const epoch = epochOfGeneration(2);
    w.gate.journal.openEpoch(epoch, w.gate.journal.epoch);
    await deliver(w, signed(w, { counter: counter - 1, commandId: new Uint8Array(16).fill(8) }));
    expect(refusals(w)).toEqual(['command refused: REPLAYED']);
  });

  test('COMMAND_EXPIRED: it came late', async () => {
    const w = await running();
    const bytes = signed(w);
    await w.clock.advance(32_000);
    await deliver(w, bytes);
    expect(refusals(w)).toEqual(['command refused: COMMAND_EXPIRED']);
    expect(w.machine.motions).toEqual([]);
  });

  test('CLOCK_UNTRUSTED: without a nonce, whatever it asks; with one it is taken', async () => {
    const w = await running();
    w.trust.untrusted = true;
    await deliver(w, signed(w));
    expect(refusals(w)).toEqual(['command refused: CLOCK_UNTRUSTED']);
    expect(w.machine.motions).toEqual([]);
    const { commandId } = await w.head.headEnd.commands.send(lane, hold);
    await w.clock.advance(5_000);
    expect(w.machine.motionsOf(commandId)).toBe(1);
    expect(w.head.headEnd.commands.statusOf(commandId)?.state).toBe('answered');
  });

  test('the head end learns of a refusal from its row', async () => {
    const w = await running();
    w.broker.carriage = ({ topic }) => [topic === topics.command ? 40_000 : 1];
    const { commandId } = await w.head.headEnd.commands.send(lane, hold);
    await w.clock.advance(45_000);
    expect(w.head.headEnd.commands.statusOf(commandId)).toMatchObject({ state: 'refused', answer: 'COMMAND_EXPIRED' });
  });

  test('a noisy broker causes a bounded number of rows', async () => {
    const w = await running();
    for (let time = 0; time < 3 * securityRowsPerHour; time++)
      w.broker.publish(topics.command, signed(w, { signer: newSigner() }), { qos: 0, retain: false });
    await w.clock.advance(1_000);
    expect(refusals(w)).toHaveLength(securityRowsPerHour);
  });
});

describe('a challenge', () => {
  async function challenged(w: World): Promise<Bytes> {
    const heard: Bytes[] = [];
    w.broker.subscribe(topics.request('challenge'), ({ payload }) => heard.push(payload));
    await deliver(w, signed(w, { act: open }));
    const parsed = parseChallenge(heard[0] ?? new Uint8Array(0));
    if (!parsed.ok) throw new Error(parsed.problem);
    expect(hex(parsed.value.commandId)).toBe('07'.repeat(16));
    return parsed.value.nonce;
  }

  test('lives 30 s by monotonic time, whatever the wall clock does', async () => {
    const w = await running();
    const nonce = await challenged(w);
    w.clock.stepWall(3_600_000);
    await w.clock.advance(challengeLimits.lifeMs - 3_000);
    await deliver(w, signed(w, { act: open, nonce }));
    expect(w.machine.motions).toHaveLength(1);
    const late = await running();
    const second = await challenged(late);
    await late.clock.advance(challengeLimits.lifeMs);
    await deliver(late, signed(late, { act: open, nonce: second }));
    expect(late.machine.motions).toEqual([]);
    expect(refusals(late)).toEqual(['command refused: UNKNOWN_NONCE']);
  });

  test('is answered once: another command with the same nonce is refused', async () => {
    const w = await running();
    const nonce = await challenged(w);
    await deliver(w, signed(w, { act: open, nonce }));
    await deliver(w, signed(w, { act: open, nonce, commandId: new Uint8Array(16).fill(8) }));
    expect(w.machine.motions).toHaveLength(1);
    expect(refusals(w)).toEqual(['command refused: UNKNOWN_NONCE']);
  });

  test('dies with the process', async () => {
    const w = await running();
    const nonce = await challenged(w);
    await w.gate.sync.stop();
    const again = gateOf(w, { journal: w.gate.journal, keys: w.gate.keys, id: 'lane-1-again' });
    again.sync.start();
    await w.clock.advance(10_000);
    await deliver(w, signed(w, { act: open, nonce }));
    expect(w.machine.motions).toEqual([]);
    expect(refusals(w)).toEqual(['command refused: UNKNOWN_NONCE']);
  });

  test('of another terminal, or for a command nobody sent, is not signed', async () => {
    const w = await running();
    const commands: Bytes[] = [];
    const { commandId } = await w.head.headEnd.commands.send(lane, open);
    w.broker.carriage = ({ topic, payload }) => {
      if (topic === topics.command) commands.push(payload);
      return [1];
    };
    const challenge = (id: Bytes): Bytes => encodeChallenge({ commandId: id, nonce: new Uint8Array(16) });
    await w.head.headEnd.commands.challenged('lane-2', challenge(commandId));
    await w.head.headEnd.commands.challenged(lane, challenge(new Uint8Array(16)));
    expect(commands).toEqual([]);
    await w.head.headEnd.commands.challenged(lane, challenge(commandId));
    expect(commands).toHaveLength(1);
  });
});

describe('the head end', () => {
  test('sends nothing to a terminal that was never born, and nothing without a key', async () => {
    const w = await running();
    await expect(w.head.headEnd.commands.send('lane-9', hold)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const poor = await newHeadEnd({
      exchange: w.broker,
      clock: w.clock,
      authority: w.authority,
      signers: { ...w.authority, commands: null },
      store: w.head.store,
    });
    await poor.headEnd.start();
    await expect(poor.headEnd.commands.send(lane, hold)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(w.machine.motions).toEqual([]);
  });
});
