// Takes commands from the broker and hands on those that were meant for this terminal, now, and once. What is
// refused moves nothing, and is reported so that it becomes a row; what is known is answered again.
import type { UnixSeconds } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { messageOf } from '../../runtime/core/errors.ts';
import { Signal } from '../../runtime/core/event.ts';
import { type Command, commandLimits, encodeChallenge, isDangerous, parseCommand } from '../wire/command.ts';
import { type DocumentRefusal, openDocument } from '../wire/document.ts';
import { parseTopic, terminalTopics } from '../wire/topics.ts';
import { Challenges } from './challenges.ts';
import { CommandFloor } from './command-floor.ts';
import type { CommandPort, DocumentSink, Link, LinkMessage, UplinkJournal } from './ports.ts';

export const commandReceiverLimits = {
  /** Commands that wait for the one before to be committed; a further one is dropped, to be sent again. */
  waiting: 8,
} as const;

export type CommandRefusal =
  | DocumentRefusal
  /** A broker kept it: a command is never retained. */
  | 'RETAINED'
  | 'WRONG_EPOCH'
  /** Not for a machine of this kind. */
  | 'WRONG_ACT'
  | 'REPLAYED'
  | 'COMMAND_EXPIRED'
  /** The clock is not trusted, so only a nonce of this boot proves that the command is fresh. */
  | 'CLOCK_UNTRUSTED'
  /** A nonce that is not open here: never made, used already, or too old. */
  | 'UNKNOWN_NONCE';

export type CommandEvent =
  | {
      readonly kind: 'refused';
      readonly refusal: CommandRefusal;
      /** Null unless the command is authentic: a stranger writes nothing of his own into the journal. */
      readonly commandId: Bytes | null;
      readonly detail: string;
    }
  /** Begun, or answered again. */
  | { readonly kind: 'taken' | 'repeated'; readonly commandId: Bytes }
  /** Sent back a nonce that the command must carry. */
  | { readonly kind: 'challenged'; readonly commandId: Bytes }
  /** The machine did not commit it: it may be sent again. */
  | { readonly kind: 'failed'; readonly commandId: Bytes; readonly detail: string };

export interface CommandsOptions {
  readonly operator: string;
  readonly terminal: string;
  readonly link: Link;
  readonly journal: UplinkJournal;
  readonly sink: DocumentSink;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Null while the clock is not trusted. */
  readonly now: () => UnixSeconds | null;
  readonly port: CommandPort;
}

export class Commands {
  readonly events = new Signal<CommandEvent>();
  readonly #options: CommandsOptions;
  readonly #floor: CommandFloor;
  readonly #challenges: Challenges;
  /** One at a time: each is judged by the floor that the one before has committed. */
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: CommandsOptions) {
    this.#options = options;
    this.#floor = new CommandFloor(options.journal);
    this.#challenges = new Challenges(options);
  }

  /** Any message; those of other topics are not for here. */
  receive({ topic, payload, retain }: LinkMessage): void {
    const address = parseTopic(topic);
    const { operator, terminal } = this.#options;
    if (address?.to !== 'command' || address.operator !== operator || address.terminal !== terminal) return;
    if (retain) {
      // A broker clears what it kept by an empty retained message: that is no command.
      if (payload.length > 0) this.#refuse('RETAINED', null, 'the broker kept it');
      return;
    }
    const command = this.#open(payload);
    if (!command || this.#waiting >= commandReceiverLimits.waiting) return;
    this.#waiting++;
    this.#turn = this.#turn.then(async () => {
      await this.#consider(command);
      this.#waiting--;
    });
  }

  #open(payload: Bytes): Command | null {
    const { operator, terminal, sink } = this.#options;
    // Its life is judged below, where a repetition is still answered.
    const opened = openDocument(payload, {
      kind: 'command',
      operator,
      targets: [terminal],
      keyOf: (kid) => sink.keyOf(kid),
      now: null,
    });
    if (!opened.ok) return this.#refuse(opened.refusal, null, 'not a command of this head end for this terminal');
    const parsed = parseCommand(opened.body);
    if (!parsed.ok) return this.#refuse('MALFORMED', null, parsed.problem);
    const command = parsed.value;
    if (command.terminal !== terminal) return this.#refuse('WRONG_TARGET', command, `for ${command.terminal}`);
    if (command.notAfter > opened.header.iat + commandLimits.lifeSeconds)
      return this.#refuse('MALFORMED', command, `may begin for more than ${commandLimits.lifeSeconds} s`);
    return command;
  }

  async #consider(command: Command): Promise<void> {
    const { journal, now } = this.#options;
    const epoch = journal.head()?.epoch ?? 0;
    if (command.epoch !== epoch) return void this.#refuse('WRONG_EPOCH', command, `of epoch ${command.epoch}`);
    if (!this.#options.port.acts.includes(command.act.kind))
      return void this.#refuse('WRONG_ACT', command, `no machine for ${command.act.kind}`);
    if (this.#floor.knows(command)) return this.#hand(command, true);
    if (!this.#floor.isAbove(command)) return void this.#refuse('REPLAYED', command, `counter ${command.counter}`);
    const seconds = now();
    if (seconds !== null && seconds > command.notAfter)
      return void this.#refuse('COMMAND_EXPIRED', command, `${seconds - command.notAfter} s late`);
    if (this.#isFresh(command, seconds !== null)) await this.#hand(command, false);
  }

  /** The nonce of a dispense command is that of a cabinet code, which the machine made and alone may spend. */
  #isFresh(command: Command, clockTrusted: boolean): boolean {
    const { nonce, act } = command;
    if (clockTrusted && !isDangerous(act)) return true;
    if (nonce === null) {
      if (!clockTrusted) this.#refuse('CLOCK_UNTRUSTED', command, 'without a nonce');
      if (act.kind !== 'dispense') this.#challenge(command);
      else if (clockTrusted) this.#refuse('UNKNOWN_NONCE', command, 'dispense without the nonce of a code');
      return false;
    }
    if (act.kind === 'dispense' || this.#challenges.spend(nonce)) return true;
    this.#refuse('UNKNOWN_NONCE', command, 'never made here, used or too old');
    return false;
  }

  #challenge({ commandId }: Command): void {
    const { operator, terminal, link } = this.#options;
    const payload = encodeChallenge({ commandId, nonce: this.#challenges.issue() });
    if (link.publish(terminalTopics(operator, terminal).request('challenge'), payload, { qos: 0 }))
      this.events.emit({ kind: 'challenged', commandId });
  }

  async #hand(command: Command, known: boolean): Promise<void> {
    const { commandId } = command;
    try {
      const { port } = this.#options;
      await (known ? port.answerAgain(command) : port.carryOut(command, this.#floor.after(command)));
      this.events.emit({ kind: known ? 'repeated' : 'taken', commandId });
    } catch (error) {
      this.events.emit({ kind: 'failed', commandId, detail: messageOf(error) });
    }
  }

  #refuse(refusal: CommandRefusal, command: Command | null, detail: string): null {
    this.events.emit({ kind: 'refused', refusal, commandId: command?.commandId ?? null, detail });
    return null;
  }
}
