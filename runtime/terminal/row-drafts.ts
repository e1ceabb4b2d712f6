// Turns what the machine wants written into rows: adds the moment and the business day, and seals
// evidence at the row's own position.
import type { Bytes } from '../core/bytes.ts';
import type { Moment } from '../core/trusted-time.ts';
import type { BusinessCalendar } from '../records/business-day.ts';
import type { Payload } from '../records/payload.ts';
import type { RowType } from '../records/row-types.ts';
import type { RowDraft, RowPosition } from '../store/journal.ts';
import type { EvidenceKeeper } from './evidence-keeper.ts';

export class RowDrafts {
  readonly #calendar: BusinessCalendar;
  readonly #evidence: EvidenceKeeper;

  constructor(calendar: BusinessCalendar, evidence: EvidenceKeeper) {
    this.#calendar = calendar;
    this.#evidence = evidence;
  }

  draft(type: RowType, payload: Payload, moment: Moment, evidence: Bytes | null = null): RowDraft {
    return {
      type,
      moment,
      day: this.#calendar.dayOf(moment.wallMs),
      payload: evidence ? (at: RowPosition) => ({ ...payload, ...this.#evidence.seal(at, evidence) }) : payload,
    };
  }
}
