// The answer of one step of the cabinet while it is being written. A row of the machine changes its
// ledger at once and by the fold alone, so that state and journal cannot disagree.
import type { MonoMs } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import type { Payload } from '../../records/payload.ts';
import type { RowType } from '../../records/row-types.ts';
import type { ReferenceSource } from '../shared/effects.ts';
import { payloadOf, StepDraft, type StepResult } from '../shared/step-draft.ts';
import { type TicketUse, useAfter, useKey, useProjection } from '../shared/use-ledger.ts';
import type { CabinetEffect } from './effects.ts';
import type { CabinetFacts } from './facts.ts';
import { type CabinetLedger, type CodeChange, foldRow, type LedgerRow, useTimes } from './ledger.ts';
import type { Motion } from './order.ts';
import { ledgerProjections } from './projections.ts';
import type { PromptName } from './prompts.ts';
import type { CabinetState } from './state.ts';

type Fields = { readonly [Name in keyof Payload]: Payload[Name] | undefined };

export class CabinetDraft extends StepDraft<CabinetState, CabinetEffect> {
  readonly facts: CabinetFacts;
  readonly atMonoMs: MonoMs;
  /** An INTENT of this step: there is never a second. */
  acted = false;
  #committed: CabinetLedger;
  #transactions = 0;
  readonly #uses = new Map<string, { readonly issuer: string; readonly cti: Bytes; readonly use: TicketUse }>();

  constructor(state: CabinetState, atMonoMs: MonoMs, facts: CabinetFacts) {
    super(state);
    this.facts = facts;
    this.atMonoMs = atMonoMs;
    this.#committed = state.ledger;
  }

  /** What the journal said before this process began. */
  adopt(ledger: CabinetLedger): void {
    this.#committed = ledger;
    this.set({ ledger });
  }

  /** Writes a row, and changes the ledger by it. Returns the record's index in the commit. */
  write(type: RowType, fields: Fields, evidence: Bytes | null = null): number {
    const payload = payloadOf(fields);
    const { moment, bootId } = this.facts;
    const row = { payload, bootId, tMonoMs: moment.monoMs, tWallMs: moment.wallMs };
    const { ledger, use } = foldRow(this.state.ledger, row);
    this.set({ ledger });
    if (use !== null) this.#changeUse(use, row);
    return this.record({ type, payload, evidence });
  }

  /** A transaction id that no other of this step has. */
  freshTx(): Bytes {
    const tx = this.facts.freshTx.slice();
    const last = tx.length - 1;
    tx[last] = (tx[last] ?? 0) ^ this.#transactions++;
    return tx;
  }

  prompt(prompt: PromptName, slot: number | null, reference: ReferenceSource | null = null): void {
    this.effects.push({ kind: 'prompt', prompt, slot, reference });
  }

  callStaff(why: string, slot: number | null): void {
    this.effects.push({ kind: 'callStaff', why, slot });
  }

  /** The row that a running transaction began with, once its place is known. */
  referenceOf(tx: Bytes): ReferenceSource | null {
    const ref = this.state.references.get(hex(tx));
    return ref === undefined ? null : { from: 'row', ref };
  }

  setMotion(motion: Motion): void {
    const others = this.state.motions.filter((other) => other.slot !== motion.slot);
    this.set({ motions: [...others, motion] });
  }

  dropMotion(slot: number): void {
    this.set({ motions: this.state.motions.filter((motion) => motion.slot !== slot) });
  }

  override result(): StepResult<CabinetState, CabinetEffect> {
    this.projections.push(...ledgerProjections(this.#committed, this.state.ledger));
    for (const { issuer, cti, use } of this.#uses.values()) this.projections.push(useProjection(issuer, cti, use));
    return super.result();
  }

  /** The use of a code as this step has left it. */
  useOf(issuer: string, cti: Bytes): TicketUse | null {
    return this.#uses.get(hex(useKey(issuer, cti)))?.use ?? this.facts.useOf(issuer, cti);
  }

  #changeUse({ issuer, cti, change, validUntil }: CodeChange, row: LedgerRow): void {
    const use = useAfter(this.useOf(issuer, cti), change, useTimes(row), validUntil);
    this.#uses.set(hex(useKey(issuer, cti)), { issuer, cti, use });
  }
}
