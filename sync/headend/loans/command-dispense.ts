// The road from a scanned code to its cabinet: one signed command, and the first row that says what became of it.
import { secondsOf } from '../../../runtime/core/brand.ts';
import { equal } from '../../../runtime/core/bytes.ts';
import type { Clock } from '../../../runtime/core/clock.ts';
import { type ReasonCode, reasonCodes } from '../../../runtime/records/reasons.ts';
import type { CommandDesk, CommandStatus } from '../command-desk.ts';
import type { DispenseAnswer, DispensePort, DispenseRequest } from './code-desk.ts';

export class CommandDispense implements DispensePort {
  readonly #commands: Pick<CommandDesk, 'send' | 'statusOf' | 'changed'>;
  readonly #clock: Clock;

  constructor(options: {
    readonly commands: Pick<CommandDesk, 'send' | 'statusOf' | 'changed'>;
    readonly clock: Clock;
  }) {
    this.#commands = options.commands;
    this.#clock = options.clock;
  }

  /** Rejects where no command could be signed: nothing was sent. */
  async dispense({ terminal, order, nonce, notAfter, language, slot }: DispenseRequest): Promise<DispenseAnswer> {
    const lifeSeconds = notAfter - secondsOf(this.#clock.wallMs());
    if (lifeSeconds <= 0) return { kind: 'refused', reason: 'COMMAND_EXPIRED' };
    const act = { kind: 'dispense', order, slot, language } as const;
    const { commandId } = await this.#commands.send(terminal, act, { nonce, lifeSeconds });
    const sent = this.#commands.statusOf(commandId);
    const known = sent === null ? null : answerOf(sent);
    if (known !== null) return known;
    return new Promise((resolve) => {
      const stop = this.#commands.changed.on((status) => {
        const answer = equal(status.commandId, commandId) ? answerOf(status) : null;
        if (answer === null) return;
        stop();
        resolve(answer);
      });
    });
  }
}

/** Null while another row may still decide. */
function answerOf({ state, answer }: CommandStatus): DispenseAnswer | null {
  switch (state) {
    case 'sent':
      return null;
    case 'begun':
      return { kind: 'begun' };
    case 'answered': {
      const reason = reasonCodes.find((known) => known === answer);
      // An outcome of the motion, or the answer of an order that is known there: it began.
      return reason === undefined || begunReasons.includes(reason) ? { kind: 'begun' } : { kind: 'refused', reason };
    }
    case 'refused':
      // A copy that was refused for another cause says nothing of the command itself.
      return finalRefusals.includes(answer ?? '') ? { kind: 'refused', reason: 'COMMAND_EXPIRED' } : null;
    case 'unanswered':
      return { kind: 'unanswered' };
    default:
      return state satisfies never;
  }
}

const begunReasons: readonly ReasonCode[] = ['OK', 'REPEAT'];
const finalRefusals: readonly string[] = ['COMMAND_EXPIRED', 'UNKNOWN_NONCE', 'WRONG_ACT'];
