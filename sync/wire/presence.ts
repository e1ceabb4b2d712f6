// Who is there: the retained state of a terminal (also its will), its birth, and the state of a head-end
// host. Presence is a hint; only the signed head inside a birth proves anything about rows.
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import { algorithms, signatureHolds } from '../../runtime/tokens/keys.ts';
import { bytesOf, count, hash } from './fields.ts';
import { type Parsed, parseMessage } from './parsed.ts';

export const birthReasons = ['power', 'watchdog', 'update', 'network', 'rebirth'] as const;
export type BirthReason = (typeof birthReasons)[number];

export interface TerminalState {
  readonly online: boolean;
  /** Grows by one per CONNECT: a will with another number than the newest birth is stale. */
  readonly birth: number;
  readonly atMs: number;
}

/** The true head of the journal, signed for this one birth. */
export interface SignedHead {
  readonly epoch: number;
  /** -1 with a zero hash for an empty journal. */
  readonly seq: number;
  readonly hash: Bytes;
  readonly signature: Bytes;
}

export interface Birth {
  readonly birth: number;
  readonly reason: BirthReason;
  readonly atMs: number;
  readonly head: SignedHead;
  readonly software: string;
  /** Highest versions in force: trust, deny, fares, rules. */
  readonly versions: Readonly<Record<string, number>>;
  readonly clock: string;
}

export interface HostState {
  readonly online: boolean;
  readonly atMs: number;
}

const stateSchema = z.object({ online: z.boolean(), bd: count, at: z.int() });
const birthSchema = z.object({
  bd: count,
  reason: z.enum(birthReasons),
  at: z.int(),
  epoch: count,
  tail: z.int().min(-1),
  hash,
  sig: bytesOf(64),
  sw: z.string().max(64),
  held: z.record(z.string().max(16), count),
  clock: z.string().max(16),
});
const hostSchema = z.object({ online: z.boolean(), at: z.int() });

export const encodeState = (state: TerminalState): Bytes =>
  encodeCbor({ online: state.online, bd: state.birth, at: state.atMs });

export function parseState(bytes: Bytes): Parsed<TerminalState> {
  const parsed = parseMessage(bytes, stateSchema);
  if (!parsed.ok) return parsed;
  return { ok: true, value: { online: parsed.value.online, birth: parsed.value.bd, atMs: parsed.value.at } };
}

export const encodeBirth = (birth: Birth): Bytes =>
  encodeCbor({
    bd: birth.birth,
    reason: birth.reason,
    at: birth.atMs,
    epoch: birth.head.epoch,
    tail: birth.head.seq,
    hash: birth.head.hash,
    sig: birth.head.signature,
    sw: birth.software,
    held: { ...birth.versions },
    clock: birth.clock,
  });

export function parseBirth(bytes: Bytes): Parsed<Birth> {
  const parsed = parseMessage(bytes, birthSchema);
  if (!parsed.ok) return parsed;
  const { bd, reason, at, epoch, tail, hash: head, sig, sw, held, clock } = parsed.value;
  return {
    ok: true,
    value: {
      birth: bd,
      reason,
      atMs: at,
      head: { epoch, seq: tail, hash: head, signature: sig },
      software: sw,
      versions: held,
      clock,
    },
  };
}

/** What the journal key signs in a birth: the head together with the number of this birth. */
export const birthSignatureBase = (
  operator: string,
  terminal: string,
  birth: number,
  head: Omit<SignedHead, 'signature'>,
): Bytes => encodeCbor(['stile-birth-1', operator, terminal, birth, head.epoch, head.seq, head.hash]);

export const birthAuthentic = (operator: string, terminal: string, birth: Birth, key: KeyObject): boolean =>
  signatureHolds(
    algorithms.EdDSA,
    key,
    birthSignatureBase(operator, terminal, birth.birth, birth.head),
    birth.head.signature,
  );

export const encodeHostState = (state: HostState): Bytes => encodeCbor({ online: state.online, at: state.atMs });

export function parseHostState(bytes: Bytes): Parsed<HostState> {
  const parsed = parseMessage(bytes, hostSchema);
  return parsed.ok ? { ok: true, value: { online: parsed.value.online, atMs: parsed.value.at } } : parsed;
}
