// The answer of one step of the gate lane while it is being written. Every row that names a ticket changes its
// entry of the use ledger here and nowhere else, by the same function that replays the journal.
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import type { RecordDraft } from '../shared/effects.ts';
import { StepDraft } from '../shared/step-draft.ts';
import { type TicketUse, useAfter, useKey, useProjection } from '../shared/use-ledger.ts';
import type { GateLaneEffect } from './effects.ts';
import type { GateLaneFacts } from './facts.ts';
import { useChangeOf } from './replay.ts';
import type { GateLaneState } from './state.ts';

export class GateLaneDraft extends StepDraft<GateLaneState, GateLaneEffect> {
  readonly #facts: GateLaneFacts;
  readonly #uses = new Map<string, TicketUse>();

  constructor(state: GateLaneState, facts: GateLaneFacts) {
    super(state);
    this.#facts = facts;
  }

  /** As the ledger will stand after this step. */
  useOf(issuer: string, cti: Bytes): TicketUse | null {
    return this.#uses.get(hex(useKey(issuer, cti))) ?? this.#facts.useOf(issuer, cti);
  }

  override record(record: RecordDraft): number {
    const { issuer, cti, validUntil } = record.payload;
    const change = useChangeOf(record.type, record.payload);
    if (issuer !== undefined && cti !== undefined && change !== null) {
      const { monoMs, wallMs } = this.#facts.moment;
      const times = { bootId: this.#facts.bootId, monoMs, wallMs };
      const use = useAfter(this.useOf(issuer, cti), change, times, validUntil ?? null);
      this.#uses.set(hex(useKey(issuer, cti)), use);
      const projection = useProjection(issuer, cti, use);
      const at = this.projections.findIndex(({ key }) => equal(key, projection.key));
      if (at < 0) this.projections.push(projection);
      else this.projections[at] = projection;
    }
    return super.record(record);
  }

  count(name: string, by = 1): void {
    const { statistics } = this.state;
    const counters = { ...statistics.counters, [name]: (statistics.counters[name] ?? 0) + by };
    this.set({ statistics: { ...statistics, counters } });
  }
}
