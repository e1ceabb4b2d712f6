// How a terminal says that it is there: a state (which is also its will) and a birth that carries the
// true head of the journal, signed for this one connection.

import { z } from 'zod';
import { type Bytes, utf8 } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import { zeroHash } from '../../runtime/records/row.ts';
import { count } from '../wire/fields.ts';
import { parseMessage } from '../wire/parsed.ts';
import { type BirthReason, birthSignatureBase, encodeBirth, encodeState, type SignedHead } from '../wire/presence.ts';
import { terminalTopics } from '../wire/topics.ts';
import type { KeyStore, Link, UplinkJournal, Will } from './ports.ts';

export const presenceSpace = 'presence';
const birthKey = utf8('bd');
const schema = z.object({ bd: count });

export interface PresenceOptions {
  readonly operator: string;
  readonly terminal: string;
  readonly journal: UplinkJournal;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly software: string;
  /** Versions of the documents in force, by kind. */
  readonly versions: () => Readonly<Record<string, number>>;
  readonly clockState: () => string;
}

export class TerminalPresence {
  readonly #options: PresenceOptions;
  readonly #topics: ReturnType<typeof terminalTopics>;
  #birth: number;
  #bornMs = 0;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#topics = terminalTopics(options.operator, options.terminal);
    const stored = options.journal.projection(presenceSpace, birthKey);
    const parsed = stored && parseMessage(stored, schema);
    this.#birth = parsed?.ok ? parsed.value.bd : 0;
  }

  /** Number of the newest connection; grows by one per attempt, across restarts. */
  get birth(): number {
    return this.#birth;
  }

  /** Monotonic time of the newest birth. */
  get bornMs(): number {
    return this.#bornMs;
  }

  /** For the link, before each attempt to connect. */
  async nextWill(): Promise<Will> {
    this.#birth++;
    const value = encodeCbor({ bd: this.#birth });
    try {
      await this.#options.journal.commit([], [{ space: presenceSpace, key: birthKey, value }]);
    } catch {
      // A disk that cannot take eight bytes is reported by the journal; being silent would help nobody.
    }
    return { topic: this.#topics.state, payload: this.#state(false) };
  }

  /** False when the connection went away meanwhile. */
  announce(link: Link, reason: BirthReason): boolean {
    this.#bornMs = this.#options.clock.monoMs();
    const retained = { qos: 1, retain: true } as const;
    return (
      link.publish(this.#topics.state, this.#state(true), retained) &&
      link.publish(this.#topics.birth, this.#birthMessage(reason), retained)
    );
  }

  /** Said before a wanted stop; a broker then sends no will. */
  farewell(link: Link): void {
    link.publish(this.#topics.state, this.#state(false), { qos: 1, retain: true });
  }

  #state(online: boolean): Bytes {
    return encodeState({ online, birth: this.#birth, atMs: this.#options.clock.wallMs() });
  }

  #birthMessage(reason: BirthReason): Bytes {
    const { clock, software, versions, clockState } = this.#options;
    return encodeBirth({
      birth: this.#birth,
      reason,
      atMs: clock.wallMs(),
      head: this.#signedHead(),
      software,
      versions: versions(),
      clock: clockState(),
    });
  }

  #signedHead(): SignedHead {
    const { operator, terminal, journal, keys } = this.#options;
    const head = journal.head() ?? { epoch: 0, seq: -1, hash: zeroHash };
    return { ...head, signature: keys.sign(birthSignatureBase(operator, terminal, this.#birth, head)) };
  }
}
