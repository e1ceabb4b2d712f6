// The electronics behind a slot line: answers which tags or what charge a slot holds.
import {
  encodeReadingAnswer,
  type Quantity,
  type Reading,
  readingRequestDecoder,
} from '../../devices/cabinet/protocol/slot-line.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { FaultList } from '../line/faults.ts';
import type { CabinetFault } from './cabinet-faults.ts';
import type { Slot } from './slot.ts';

export class SlotReaderFirmware {
  readonly #quantity: Quantity;
  readonly #slots: readonly Slot[];
  readonly #faults: FaultList<CabinetFault>;
  readonly #decoder = readingRequestDecoder();

  constructor(quantity: Quantity, slots: readonly Slot[], faults: FaultList<CabinetFault>) {
    this.#quantity = quantity;
    this.#slots = slots;
    this.#faults = faults;
  }

  receive(bytes: Bytes): readonly Bytes[] {
    const answers: Bytes[] = [];
    for (const request of this.#decoder.push(bytes)) {
      const slot = this.#slots[request.slot - 1];
      if (request.quantity !== this.#quantity || !slot) continue;
      answers.push(encodeReadingAnswer({ ...request, reading: this.#read(request.slot, slot) }));
    }
    return answers;
  }

  #read(number: number, slot: Slot): Reading {
    if (this.#faults.fire('unreadable', { slot: number, part: this.#quantity })) return { kind: 'failed' };
    if (this.#quantity === 'charge') return { kind: 'charge', percent: slot.chargePercent };
    const wrong = slot.tags.length > 0 ? this.#faults.fire('wrong-tag', { slot: number }) : null;
    return { kind: 'tags', tags: wrong ? [wrong.tag] : slot.tags };
  }
}
