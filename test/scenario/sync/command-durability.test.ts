// The counter of a command and the INTENT it begins are one commit in the real journal: after any fault and any
// restart either both are there, and nothing moves again, or neither is, and the command may come again.
import { afterEach, describe, expect, test } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { Signal } from '../../../runtime/core/event.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { publicKey, rawPublicKey } from '../../../runtime/tokens/keys.ts';
import { commandSpace } from '../../../sync/terminal/command-floor.ts';
import { type CommandEvent, Commands } from '../../../sync/terminal/commands.ts';
import type { CommandPort, DocumentSink, Link, SyncProjection } from '../../../sync/terminal/ports.ts';
import { type Command, commandBody } from '../../../sync/wire/command.ts';
import { keyUses, sealDocument } from '../../../sync/wire/document.ts';
import { terminalTopics } from '../../../sync/wire/topics.ts';
import { draft, JournalRig } from '../../fixtures/journal-rig.ts';
import { newSigner, operator } from '../../fixtures/sync-world.ts';

const terminal = 'bus-1';
const signer = newSigner();
const commandId: Bytes = new Uint8Array(16).fill(7);
let rig = new JournalRig();
afterEach(async () => {
  await rig.end();
  rig = new JournalRig();
});

/** Moves something only after the commit, as a terminal does. */
class Machine implements CommandPort {
  readonly acts = ['dispense', 'open', 'hold'] as const;
  motions = 0;
  repeats = 0;

  async carryOut(command: Command, floor: SyncProjection): Promise<void> {
    await rig.journal.commit([draft({ act: command.act.kind, commandId: command.commandId }, 'INTENT')], [floor]);
    this.motions++;
  }

  async answerAgain(command: Command): Promise<void> {
    this.repeats++;
    await rig.journal.commit([draft({ act: 'repeat', commandId: command.commandId })]);
  }
}

const clock = new VirtualClock();
const iat = unixSeconds(Math.floor(clock.wallMs() / 1_000));

function command(): Bytes {
  const notAfter = unixSeconds(iat + 30);
  const epoch = rig.journal.head()?.epoch ?? 0;
  const body = commandBody({
    commandId,
    terminal,
    epoch,
    counter: 5,
    notAfter,
    act: { kind: 'hold', on: true, waitMinutes: null },
    nonce: null,
  });
  return sealDocument({ kind: 'command', operator, target: terminal, version: 5, iat, exp: notAfter }, body, signer);
}

/** Delivers and waits for what becomes of it. */
async function deliver(machine: Machine, bytes: Bytes): Promise<CommandEvent> {
  const key = publicKey(signer.alg, rawPublicKey(signer.privateKey));
  if (!key) throw new Error('no key');
  const commands = new Commands({
    operator,
    terminal,
    link: { publish: () => true, up: new Signal() } as Partial<Link> as Link,
    journal: rig.journal,
    sink: {
      keyOf: () => ({ key, uses: keyUses.commands, from: 0, until: 2 ** 32 }),
    } as Partial<DocumentSink> as DocumentSink,
    clock,
    entropy: new SeededEntropy('durable'),
    now: () => iat,
    port: machine,
  });
  const event = commands.events.next();
  commands.receive({ topic: terminalTopics(operator, terminal).command, payload: bytes, retain: false });
  return event;
}

describe('a command and its counter', () => {
  test('are both there after a restart: nothing moves again', async () => {
    await rig.open();
    const machine = new Machine();
    const bytes = command();
    expect(await deliver(machine, bytes)).toMatchObject({ kind: 'taken' });
    await rig.shut();
    await rig.open();
    expect(await deliver(machine, bytes)).toMatchObject({ kind: 'repeated' });
    expect(machine).toMatchObject({ motions: 1, repeats: 1 });
    expect((await rig.rows()).filter(({ type }) => type === 'INTENT')).toHaveLength(1);
  });

  test.each([
    ['ioerr-absent', 'the commit was lost', 0],
    ['ioerr-present', 'the commit was made, and only its answer was lost', 1],
  ] as const)('%s: %s', async (how, _what, intents) => {
    // GENESIS is the first commit.
    await rig.open({ faults: { failAt: [{ commit: 2, how }] } });
    const machine = new Machine();
    const bytes = command();
    const first = await deliver(machine, bytes);
    const written = (await rig.rows()).filter(({ type }) => type === 'INTENT').length;
    expect(written).toBe(intents);
    expect(first.kind).toBe(intents === 1 ? 'taken' : 'failed');
    expect(rig.journal.projections(commandSpace)).toHaveLength(intents);
    expect(machine.motions).toBe(intents);
    expect(await deliver(machine, bytes)).toMatchObject({ kind: intents === 1 ? 'repeated' : 'taken' });
    expect(machine.motions).toBe(1);
  });
});
