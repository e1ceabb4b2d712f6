// Where the head end sends commands: signs them, sends them again until they are answered or too late, answers
// a terminal's challenge, and finds the answer among the rows. A row is the answer; a PUBACK is none.
import { secondsOf, type UnixSeconds, unixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, hex } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { Logger } from '../../runtime/core/log.ts';
import { referenceOf } from '../../runtime/records/reference.ts';
import { decodeRow, type Row } from '../../runtime/records/row.ts';
import type { CoseSigner } from '../../runtime/tokens/cose.ts';
import { type CommandAct, commandBody, commandLimits, parseChallenge } from '../wire/command.ts';
import { sealDocument } from '../wire/document.ts';
import { terminalTopics } from '../wire/topics.ts';
import type { Exchange } from './ports.ts';
import type { IngestBatch, IngestStore } from './store/ingest-store.ts';
import type { Terminals } from './terminals.ts';

export const commandDeskLimits = {
  /** Commands whose state is kept; the oldest makes room, one that is over before one that is not. */
  kept: 256,
  repeatMs: 5_000,
  /** After `notAfter` an answer may still be on its way so long. */
  answerGraceMs: 30_000,
  /** Nonces of a terminal that one command may answer. */
  challenges: 3,
} as const;

/**
 * sent: on its way. begun: an INTENT is durable. answered, refused: a row says so. unanswered: too late for it
 * to begin, and no row has come yet; rows that arrive later still count.
 */
export type CommandState = 'sent' | 'begun' | 'answered' | 'refused' | 'unanswered';

export interface CommandStatus {
  readonly commandId: Bytes;
  readonly terminal: string;
  readonly act: CommandAct;
  readonly state: CommandState;
  readonly notAfter: UnixSeconds;
  /** What the newest row about it says: outcome, reason, or the refusal. */
  readonly answer: string | null;
  /** Reference of that row. */
  readonly ref: string | null;
}

export interface CommandDeskOptions {
  readonly operator: string;
  readonly store: IngestStore;
  readonly terminals: Terminals;
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  readonly signer: CoseSigner | null;
}

interface Kept {
  status: CommandStatus;
  nonce: Bytes | null;
  challenges: number;
  document: Bytes;
  timer: TimerHandle | null;
}

export class CommandDesk {
  /** After each change of a command's state. */
  readonly changed = new Signal<CommandStatus>();
  readonly #options: CommandDeskOptions;
  readonly #kept = new Map<string, Kept>();
  #signing: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(options: CommandDeskOptions) {
    this.#options = options;
  }

  /**
   * `nonce` is that of a scanned cabinet code; without one, a terminal that needs a nonce sends its own.
   * @throws StileError CONFIG_INVALID without a key for commands, NOT_FOUND for a terminal that was never born.
   */
  async send(
    terminal: string,
    act: CommandAct,
    {
      nonce = null,
      lifeSeconds = commandLimits.defaultLifeSeconds,
    }: { nonce?: Bytes | null; lifeSeconds?: number } = {},
  ): Promise<CommandStatus> {
    const { clock, entropy } = this.#options;
    const life = Math.min(lifeSeconds, commandLimits.lifeSeconds);
    const notAfter = unixSeconds(secondsOf(clock.wallMs()) + life);
    const commandId = entropy.bytes(16);
    const status: CommandStatus = { commandId, terminal, act, state: 'sent', notAfter, answer: null, ref: null };
    const kept: Kept = { status, nonce, challenges: 0, document: new Uint8Array(0), timer: null };
    await this.#sign(kept);
    this.#makeRoom();
    this.#kept.set(hex(commandId), kept);
    this.#publish(kept);
    return status;
  }

  statusOf(commandId: Bytes): CommandStatus | null {
    return this.#kept.get(hex(commandId))?.status ?? null;
  }

  /** Any payload on a challenge topic. A nonce is signed for the command and the terminal that asked, and no other. */
  async challenged(terminal: string, payload: Bytes): Promise<void> {
    const challenge = parseChallenge(payload);
    const kept = challenge.ok ? this.#kept.get(hex(challenge.value.commandId)) : undefined;
    if (
      this.#stopped ||
      !challenge.ok ||
      !kept ||
      kept.status.terminal !== terminal ||
      kept.status.act.kind === 'dispense'
    )
      return;
    if (!isOpen(kept.status.state) || kept.challenges >= commandDeskLimits.challenges) return;
    kept.challenges++;
    kept.nonce = challenge.value.nonce;
    await this.#sign(kept);
    this.#publish(kept);
  }

  /** Rows that are durable: those that name a command are its answer. */
  observe({ terminal, rows }: IngestBatch): void {
    if (![...this.#kept.values()].some(({ status }) => status.terminal === terminal)) return;
    for (const { columns, body } of rows) if (columns) this.#row(decodeRow(body));
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#kept.values()) timer?.cancel();
  }

  #row(row: Row): void {
    const { commandId, act, outcome, reason, detail } = row.payload;
    const kept = commandId instanceof Uint8Array ? this.#kept.get(hex(commandId)) : undefined;
    if (!kept || kept.status.terminal !== row.terminal) return;
    const ref = referenceOf(row.terminal, row.epoch, row.seq);
    const refused = row.type === 'SECURITY' && act === 'command refused';
    if (refused) {
      // Refused for want of a nonce, and sent again with one: that one's answer counts.
      const superseded = detail === 'CLOCK_UNTRUSTED' && kept.challenges > 0;
      if (!superseded && isOpen(kept.status.state)) this.#become(kept, 'refused', detail ?? '', ref);
      return;
    }
    if (row.type === 'INTENT') {
      if (kept.status.state !== 'answered') this.#become(kept, 'begun', outcome ?? reason ?? null, ref);
      return;
    }
    this.#become(kept, 'answered', outcome ?? reason ?? act, ref);
  }

  #become(kept: Kept, state: CommandState, answer: string | null, ref: string | null): void {
    if (state !== 'sent') kept.timer?.cancel();
    kept.status = { ...kept.status, state, answer, ref };
    this.changed.emit(kept.status);
  }

  /** The counter is durable before the command is out: it rises over restarts, and over a clock that was set back. */
  #sign(kept: Kept): Promise<void> {
    const signed = this.#signing.then(() => this.#signNext(kept));
    this.#signing = signed.catch(() => undefined);
    return signed;
  }

  async #signNext(kept: Kept): Promise<void> {
    const { operator, store, terminals, clock, signer } = this.#options;
    const { commandId, terminal, act, notAfter } = kept.status;
    const epoch = terminals.get(terminal)?.record.lastBirthEpoch;
    if (!epoch) {
      throw new StileError('NOT_FOUND', `terminal ${terminal} has not reported here`, {
        remedy: 'Check its name, and that it is enrolled and has connected once.',
      });
    }
    if (!signer) {
      throw new StileError('CONFIG_INVALID', 'this head end has no key that signs commands', {
        remedy: 'Add the key "commands" to the keys file, and publish a trust list that names it with use 8.',
      });
    }
    const newest = await store.newestDocument('command', terminal);
    const counter = Math.max((newest?.version ?? 0) + 1, clock.wallMs());
    const header = {
      kind: 'command',
      operator,
      target: terminal,
      version: counter,
      iat: secondsOf(clock.wallMs()),
      exp: notAfter,
    } as const;
    const body = commandBody({ commandId, terminal, epoch, counter, notAfter, act, nonce: kept.nonce });
    kept.document = sealDocument(header, body, signer);
    await store.saveDocument({ kind: 'command', target: terminal, version: counter, bytes: kept.document });
  }

  #publish(kept: Kept): void {
    const { operator, exchange, clock, log } = this.#options;
    const { terminal, notAfter, commandId } = kept.status;
    kept.timer?.cancel();
    const leftMs = notAfter * 1_000 - clock.wallMs();
    if (leftMs < 0) {
      kept.timer = clock.timer('command.answer', Math.max(0, leftMs + commandDeskLimits.answerGraceMs), () => {
        if (kept.status.state === 'sent') this.#become(kept, 'unanswered', null, null);
      });
      return;
    }
    try {
      exchange.publish(terminalTopics(operator, terminal).command, kept.document, { qos: 1, retain: false });
    } catch (error) {
      log.error('command.publish-failed', { terminal, ref: hex(commandId), detail: messageOf(error) });
    }
    kept.timer = clock.timer('command.repeat', commandDeskLimits.repeatMs, () => this.#publish(kept));
  }

  #makeRoom(): void {
    while (this.#kept.size >= commandDeskLimits.kept) {
      const over = [...this.#kept].find(([, { status }]) => !isOpen(status.state)) ?? [...this.#kept][0];
      if (!over) return;
      over[1].timer?.cancel();
      this.#kept.delete(over[0]);
    }
  }
}

const isOpen = (state: CommandState): boolean => state === 'sent' || state === 'begun';
