// Staff at a machine: a badge says who is here, and for some seconds the act codes that follow are theirs. Each badge
// and each act has its row, also those that are refused; an act's row stands in the commit of what it brings about.
import type { Scan } from '../../../devices/ports/scanner.ts';
import { type MonoMs, monoMs } from '../../core/brand.ts';
import { type Bytes, equal } from '../../core/bytes.ts';
import type { TimerHandle } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Moment } from '../../core/trusted-time.ts';
import { type BadgePlace, type Bearer, judgeBadge } from '../../machines/shared/badge.ts';
import { type DeclineBudget, fullBudget, recordDecline, writeCounted } from '../../machines/shared/declines.ts';
import type { SignalCue } from '../../machines/shared/effects.ts';
import { messages } from '../../machines/shared/messages.ts';
import { type PayloadFields, payloadOf, StepDraft } from '../../machines/shared/step-draft.ts';
import type { Payload } from '../../records/payload.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { Outcome, Verdict } from '../../tokens/outcome.ts';
import { isBadge } from '../../tokens/sb1.ts';
import type { DeskServices } from '../desk.ts';
import type { Note, Shown } from '../machine-runner.ts';
import { type ActCode, isActCode, parseActCode } from './act-code.ts';

export const staffDeskLimits = {
  /** Identical bytes closer together than this are one showing. */
  sameReadMs: 3_000,
  /** Refusals of badges and acts that get a row and a reference of their own. */
  badScansPerSecond: 5,
} as const;

export interface StaffPlace extends BadgePlace {
  /** How long after a badge the acts are its bearer's. */
  readonly presenceMs: number;
}

/** What one kind of machine makes of a badge and of an act. */
export interface StaffMachine<Input> {
  /** `wasHere`: the same bearer showed a badge within the presence before. Null: the badge only says who is here. */
  badgeInput(bearer: Bearer, wasHere: boolean, atMonoMs: MonoMs): Input | null;
  /** Null for an act that this machine does not know. */
  actInput(act: ActCode, bearer: Bearer, atMonoMs: MonoMs): Input | null;
  /** False: nothing became durable. */
  runNoted(input: Input | null, moment: Moment, noteOf: (went: ReasonCode) => Note): Promise<boolean>;
  /** The lamp for an answer: where it must not change, what it shows already. */
  lamp(cue: SignalCue): SignalCue;
  /** What people are told beside the machine's own words. */
  readonly tell: (shown: Shown) => void;
}

interface Presence {
  readonly bearer: Bearer;
  readonly untilMonoMs: MonoMs;
}

export class StaffDesk<Input> {
  readonly #place: StaffPlace;
  readonly #machine: StaffMachine<Input>;
  readonly #services: DeskServices<Input>;
  #presence: Presence | null = null;
  #lastRead: { readonly bytes: Bytes; readonly atMonoMs: MonoMs } | null = null;
  #declines: DeclineBudget = fullBudget;
  #flush: TimerHandle | null = null;

  constructor(place: StaffPlace, machine: StaffMachine<Input>, services: DeskServices<Input>) {
    this.#place = place;
    this.#machine = machine;
    this.#services = services;
  }

  /** Whether this code was staff's and is dealt with; `refused` ones are too, and a way out may still open for them. */
  async present({ bytes, atMonoMs }: Scan, moment: Moment): Promise<'passenger' | 'done' | 'refused'> {
    const [badge, act] = [isBadge(bytes), isActCode(bytes)];
    if (!badge && !act) return 'passenger';
    if (this.#isSameRead(bytes, atMonoMs)) return 'done';
    const done = badge
      ? await this.#badge(this.#services.verify(bytes, atMonoMs, moment), atMonoMs, moment)
      : await this.#act(parseActCode(bytes), atMonoMs, moment);
    return done ? 'done' : 'refused';
  }

  stop(): void {
    this.#flush?.cancel();
    this.#presence = null;
  }

  /** A phone or a sheet left before the reader acts once. */
  #isSameRead(bytes: Bytes, atMonoMs: MonoMs): boolean {
    const last = this.#lastRead;
    this.#lastRead = { bytes, atMonoMs };
    return last !== null && equal(last.bytes, bytes) && atMonoMs - last.atMonoMs < staffDeskLimits.sameReadMs;
  }

  async #badge(verdict: Verdict, atMonoMs: MonoMs, moment: Moment): Promise<boolean> {
    const judged = judgeBadge(verdict, this.#place);
    if (!judged.ok) {
      const { reason, detail, found, staff } = judged;
      const issuer = verdict.outcome?.issuer ?? (verdict.accepted ? undefined : (verdict.issuer ?? undefined));
      const more = { format: 'sb1', issuer, staff: staff ?? undefined, done: verdict.done, found, detail };
      await this.#refuse(reason, more, atMonoMs, moment);
      return false;
    }
    const { bearer, outcome } = judged;
    const wasHere = this.#here(atMonoMs);
    const again = wasHere !== null && equal(wasHere.staff, bearer.staff);
    const input = this.#machine.badgeInput(bearer, again, atMonoMs);
    const record = {
      type: 'SERVICE',
      payload: badgePayload(bearer, outcome, verdict),
      evidence: outcome.evidence,
    } as const;
    const kept = await this.#machine.runNoted(input, moment, () => ({ record, cue: 'staff', reason: 'OK' }));
    if (kept) this.#presence = { bearer, untilMonoMs: monoMs(atMonoMs + this.#place.presenceMs) };
    return true;
  }

  async #act(act: ActCode | null, atMonoMs: MonoMs, moment: Moment): Promise<boolean> {
    const bearer = this.#here(atMonoMs);
    if (act === null || bearer === null) {
      const detail = act === null ? 'act' : wordsOf(act);
      const staff = bearer?.staff;
      await this.#refuse(act === null ? 'MALFORMED' : 'BADGE_REQUIRED', { staff, detail }, atMonoMs, moment);
      return false;
    }
    const input = this.#machine.actInput(act, bearer, atMonoMs);
    await this.#machine.runNoted(input, moment, (went) => {
      const reason = input === null ? 'ACT_NOT_POSSIBLE' : went;
      const payload: Payload = { act: 'staff', reason, trigger: 'staff', staff: bearer.staff, detail: wordsOf(act) };
      const record = { type: 'SERVICE', payload, evidence: null } as const;
      return { record, cue: reason === 'OK' ? 'staff' : messages[reason].cue, reason };
    });
    return true;
  }

  #here(atMonoMs: MonoMs): Bearer | null {
    return this.#presence !== null && atMonoMs < this.#presence.untilMonoMs ? this.#presence.bearer : null;
  }

  async #refuse(reason: ReasonCode, more: Partial<PayloadFields>, atMonoMs: MonoMs, moment: Moment): Promise<void> {
    const payload = payloadOf({ ...more, act: 'decline', trigger: 'staff' });
    const rows = await this.#write(moment, (draft, facts) => {
      recordDecline(draft, { ...payload, reason }, atMonoMs, facts);
    });
    const cue = this.#machine.lamp(messages[reason].cue);
    this.#services.indicator.show(cue);
    const ref = rows?.[0]?.ref ?? null;
    this.#machine.tell({ cue, reason, ref, fare: null, time: null, atMonoMs: this.#services.clock.monoMs() });
    this.#armFlush(atMonoMs);
  }

  /** Refusals beyond the rate are written together, a minute later. */
  #armFlush(atMonoMs: MonoMs): void {
    const { dueMonoMs } = this.#declines;
    if (dueMonoMs === null || this.#flush !== null) return;
    const { clock, now } = this.#services;
    this.#flush = clock.timer('staff-declines', Math.max(0, dueMonoMs - atMonoMs), () => {
      this.#flush = null;
      const moment = now();
      void this.#write(moment, (draft, facts) => writeCounted(draft, moment.monoMs, facts)).then(() =>
        this.#armFlush(moment.monoMs),
      );
    });
  }

  async #write(moment: Moment, write: (draft: StepDraft<Declining, never>, facts: DeclineFacts) => void) {
    const { journal, drafts, written, logger } = this.#services;
    const draft = new StepDraft<Declining, never>({ declines: this.#declines, ignored: 0 });
    write(draft, { storage: journal.level(), config: staffDeskLimits });
    const { records } = draft;
    try {
      if (records.length > 0) {
        const rows = await journal.commit(records.map(({ type, payload }) => drafts.draft(type, payload, moment)));
        written({ rows, records });
        this.#declines = draft.state.declines;
        return rows;
      }
      this.#declines = draft.state.declines;
    } catch (error) {
      logger.error('a refusal of staff was not journaled', { code: 'JOURNAL_UNAVAILABLE', detail: messageOf(error) });
    }
    return null;
  }
}

interface Declining {
  readonly declines: DeclineBudget;
  readonly ignored: number;
}
type DeclineFacts = Parameters<typeof recordDecline>[3];

const wordsOf = (act: ActCode): string => [act.word.toLowerCase(), ...act.arguments].join(' ');

const badgePayload = ({ staff, role }: Bearer, outcome: Outcome, { done, found }: Verdict): Payload =>
  payloadOf({
    act: 'badge',
    reason: 'OK',
    trigger: 'staff',
    staff,
    detail: role,
    format: outcome.format,
    issuer: outcome.issuer,
    kid: outcome.kid,
    cti: outcome.cti ?? undefined,
    digest: outcome.digest,
    counter: outcome.presentation?.counter ?? undefined,
    presentedAt: outcome.presentation?.iat,
    done,
    found,
  });
