// A command to one terminal, and the challenge that a dangerous one must answer. Its signature says who sent
// it; terminal, epoch, counter, life and nonce say that it is meant for here, now, and once.
import { z } from 'zod';
import { type UnixSeconds, unixSeconds } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { type CborInput, type CborValue, encodeCbor, plain } from '../../runtime/core/cbor.ts';
import { bytesOf, count, idText } from './fields.ts';
import { type Parsed, parseMessage, parseValue } from './parsed.ts';

export const commandLimits = {
  /** Longest life of a command, from its issue. */
  lifeSeconds: 300,
  defaultLifeSeconds: 30,
  nonceBytes: 16,
  reasonCharacters: 64,
  slots: 255,
  waitMinutes: 999,
} as const;

export type CommandAct =
  /** Hands out one item. The nonce is that of the cabinet code which the visitor scanned. */
  | { readonly kind: 'dispense'; readonly order: Bytes; readonly slot: number | null; readonly language: string }
  | { readonly kind: 'open'; readonly direction: 'entry' | 'exit'; readonly reason: string }
  /** Stops or resumes admissions; exits go on. */
  | { readonly kind: 'hold'; readonly on: boolean; readonly waitMinutes: number | null };

export interface Command {
  /** 16 bytes; the same for every repetition. */
  readonly commandId: Bytes;
  readonly terminal: string;
  readonly epoch: number;
  /** Higher than that of every command before it. */
  readonly counter: number;
  /** Last second at which it may begin. */
  readonly notAfter: UnixSeconds;
  readonly act: CommandAct;
  /** 16 bytes that this terminal made, or null. */
  readonly nonce: Bytes | null;
}

/** A terminal's own nonce, for the command that was refused for want of one. */
export interface Challenge {
  readonly commandId: Bytes;
  readonly nonce: Bytes;
}

const commandId = bytesOf(16);
const nonce = bytesOf(commandLimits.nonceBytes);
const base = { id: commandId, t: idText, e: count, c: count.min(1), na: count.max(0xffff_ffff), n: nonce.nullable() };
const schema = z.discriminatedUnion('act', [
  z.object({
    ...base,
    act: z.literal('dispense'),
    args: z.object({
      order: bytesOf(16),
      slot: count.max(commandLimits.slots).nullable(),
      lang: z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$/),
    }),
  }),
  z.object({
    ...base,
    act: z.literal('open'),
    args: z.object({
      dir: z.enum(['entry', 'exit']),
      why: z.string().min(1).max(commandLimits.reasonCharacters),
    }),
  }),
  z.object({
    ...base,
    act: z.literal('hold'),
    args: z.object({ on: z.boolean(), wait: count.max(commandLimits.waitMinutes).nullable() }),
  }),
]);
const challengeSchema = z.object({ id: commandId, n: nonce });

/** Acts that move something: a nonce of this terminal is needed whatever the clock says. */
export const isDangerous = ({ kind }: CommandAct): boolean => kind === 'dispense' || kind === 'open';

export const commandBody = (command: Command): CborInput => ({
  id: command.commandId,
  t: command.terminal,
  e: command.epoch,
  c: command.counter,
  na: command.notAfter,
  n: command.nonce,
  act: command.act.kind,
  args: argumentsOf(command.act),
});

function argumentsOf(act: CommandAct): CborInput {
  switch (act.kind) {
    case 'dispense':
      return { order: act.order, slot: act.slot, lang: act.language };
    case 'open':
      return { dir: act.direction, why: act.reason };
    case 'hold':
      return { on: act.on, wait: act.waitMinutes };
    default:
      return act satisfies never;
  }
}

export function parseCommand(body: CborValue): Parsed<Command> {
  const parsed = parseValue(plain(body), schema);
  if (!parsed.ok) return parsed;
  const { id, t, e, c, na, n } = parsed.value;
  const act = actOf(parsed.value);
  return {
    ok: true,
    value: { commandId: id, terminal: t, epoch: e, counter: c, notAfter: unixSeconds(na), nonce: n, act },
  };
}

function actOf(value: z.infer<typeof schema>): CommandAct {
  switch (value.act) {
    case 'dispense':
      return { kind: 'dispense', order: value.args.order, slot: value.args.slot, language: value.args.lang };
    case 'open':
      return { kind: 'open', direction: value.args.dir, reason: value.args.why };
    case 'hold':
      return { kind: 'hold', on: value.args.on, waitMinutes: value.args.wait };
    default:
      return value satisfies never;
  }
}

export const encodeChallenge = (challenge: Challenge): Bytes =>
  encodeCbor({ id: challenge.commandId, n: challenge.nonce });

export function parseChallenge(bytes: Bytes): Parsed<Challenge> {
  const parsed = parseMessage(bytes, challengeSchema);
  return parsed.ok ? { ok: true, value: { commandId: parsed.value.id, nonce: parsed.value.n } } : parsed;
}
