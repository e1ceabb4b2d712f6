// The electronics of a CU16: it hears requests, pulls coils and says which bolts are home. It knows no items.
import { encodeStatus, type LockRequest, requestDecoder } from '../../devices/cabinet/protocol/kerong-cu16.ts';
import { type Bytes, concat, equal } from '../../runtime/core/bytes.ts';
import type { FaultList } from '../line/faults.ts';
import type { CabinetFault } from './cabinet-faults.ts';
import type { Slot } from './slot.ts';

export interface LockBoardOptions {
  readonly board: number;
  readonly slots: readonly Slot[];
  readonly faults: FaultList<CabinetFault>;
  /** After each obeyed unlock frame. */
  readonly unlocked: (slot: number, moved: boolean) => void;
}

/** What the board puts on the line, and what follows a moment later without being asked. */
export interface BoardAnswer {
  readonly bytes: Bytes;
  readonly leftovers: readonly Bytes[];
}

export class LockBoardFirmware {
  readonly #options: LockBoardOptions;
  readonly #decoder = requestDecoder();
  #last: Bytes | null = null;
  /** The newest status that differed from the last one. */
  #stale: Bytes | null = null;

  constructor(options: LockBoardOptions) {
    this.#options = options;
  }

  receive(bytes: Bytes): readonly BoardAnswer[] {
    const answers: BoardAnswer[] = [];
    for (const request of this.#decoder.push(bytes)) {
      if (request.board !== this.#options.board) continue;
      const answer = this.#obey(request);
      if (answer) answers.push(answer);
    }
    return answers;
  }

  #obey(request: LockRequest): BoardAnswer | null {
    if (request.kind === 'status') return this.#status();
    const slot = this.#options.slots[request.lock - 1];
    // A lock output without a lock: the relay clicks, nothing moves.
    if (slot) this.#options.unlocked(request.lock, slot.pull());
    return null;
  }

  #status(): BoardAnswer {
    const { board, slots, faults } = this.#options;
    const status = encodeStatus({
      board: faults.fire('wrong-board')?.board ?? board,
      locked: wordOf(slots, (slot) => slot.locked),
      inputs: wordOf(slots, (slot) => slot.present),
    });
    if (this.#last && !equal(this.#last, status)) this.#stale = this.#last;
    this.#last = status;
    return { bytes: concat(...this.#again('before'), status), leftovers: this.#again('between') };
  }

  #again(when: 'between' | 'before'): readonly Bytes[] {
    const stale = this.#stale;
    const fault = stale && this.#options.faults.fire('stale-bytes', { when });
    return fault ? Array.from({ length: fault.copies }, () => stale) : [];
  }
}

/** Locks and inputs that nothing is wired to read as 0. */
function wordOf(slots: readonly Slot[], bit: (slot: Slot) => boolean): number {
  return slots.reduce((word, slot, index) => (bit(slot) ? word | (1 << index) : word), 0);
}
