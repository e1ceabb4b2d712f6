// Keeps token bytes for settlement where the terminal itself cannot read them back: one ephemeral
// agreement with the head end's key per boot and hour, then a few microseconds a record. A commit that
// failed gives its place to the next row: then too a new key, because under one key a place is a nonce.
import type { Bytes } from '../core/bytes.ts';
import { equal } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { EvidenceSealer } from '../records/evidence.ts';
import type { RowPosition } from '../store/journal.ts';

export const renewSealAfterMs = 3_600_000;

export interface SealedEvidence {
  readonly sealed: Bytes;
  /** Ephemeral X25519 key that opens it together with the head end's secret. */
  readonly sealKey: Bytes;
}

export class EvidenceKeeper {
  readonly #clock: Clock;
  #recipient: Bytes | null = null;
  #sealer: EvidenceSealer | null = null;
  #madeMonoMs = 0;
  #last: RowPosition | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The head end's X25519 key from the trust list in force, 32 bytes, or null where it names none. */
  recipient(key: Bytes | null): void {
    if (key && this.#recipient && equal(key, this.#recipient)) return;
    this.#recipient = key;
    this.#sealer = null;
    this.#current();
  }

  /** Null while no sealing key is known: then the row carries no evidence rather than a readable token. */
  seal(at: RowPosition, evidence: Bytes): SealedEvidence | null {
    if (this.#last && !follows(at, this.#last)) this.#sealer = null;
    this.#last = at;
    const sealer = this.#current();
    return sealer ? { sealed: sealer.seal(at.epoch, at.seq, evidence), sealKey: sealer.publicKey } : null;
  }

  /** Where the next row will probably stand, told while nobody waits. A wrong guess costs that much. */
  expect(at: RowPosition): void {
    this.#current()?.prepare(at.epoch, at.seq);
  }

  #current(): EvidenceSealer | null {
    if (!this.#recipient) return null;
    const now = this.#clock.monoMs();
    if (!this.#sealer || now - this.#madeMonoMs >= renewSealAfterMs) {
      this.#sealer = new EvidenceSealer(this.#recipient);
      this.#madeMonoMs = now;
    }
    return this.#sealer;
  }
}

const follows = (at: RowPosition, last: RowPosition): boolean =>
  at.epoch > last.epoch || (at.epoch === last.epoch && at.seq > last.seq);
