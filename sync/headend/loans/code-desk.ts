// Flow P at the head end: a phone that scanned a cabinet's code chooses a language, the first phone wins the nonce,
// a deposit is held, and the cabinet is told to dispense. What the cabinet says decides; rows decide over it.
import type { KeyObject } from 'node:crypto';
import { secondsOf, type UnixSeconds, unixSeconds } from '../../../runtime/core/brand.ts';
import { type Bytes, fromHex, hex } from '../../../runtime/core/bytes.ts';
import { type Clock, repeat, type TimerHandle } from '../../../runtime/core/clock.ts';
import type { Entropy } from '../../../runtime/core/entropy.ts';
import { messageOf } from '../../../runtime/core/errors.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import type { ReasonCode } from '../../../runtime/records/reasons.ts';
import { cabinetCodeAuthentic, cabinetCodeLimits, type SignedCabinetCode } from '../../wire/cabinet-code.ts';
import type { CodeStore, ScannedOrder } from './code-store.ts';
import { claimOf } from './deposit.ts';
import type { DepositDesk } from './deposit-desk.ts';
import type { LoanPolicy } from './loan.ts';

export const codeDeskLimits = {
  /** How long a phone waits for its deposit, and how long the command lives after that. */
  holdWaitMs: 5_000,
  commandLifeSeconds: 30,
  /** The terminal's clock may be ahead of ours by this much, seconds. */
  aheadSeconds: 60,
  /** The cabinet's answer is waited for so long; rows may still bring it. */
  answerWaitMs: 45_000,
  openOrders: 256,
  openOrdersPerTerminal: 4,
  everyMs: 10_000,
  /** An order that a cabinet had not begun so long after `notAfter`, by its own rows, never will. */
  neverBegunMs: 300_000,
  keepMs: 7 * 86_400_000,
} as const;

export const pageLanguages = ['zh', 'en'] as const;
export type PageLanguage = (typeof pageLanguages)[number];

export interface DispenseRequest {
  readonly terminal: string;
  /** 16 bytes. */
  readonly order: Bytes;
  /** Of the scanned code: the answer to the terminal's challenge. */
  readonly nonce: Bytes;
  readonly notAfter: UnixSeconds;
  readonly language: PageLanguage;
  /** Null leaves the choice to the cabinet. */
  readonly slot: number | null;
}

/** From a durable row of the cabinet. unanswered: none has come; it may still have begun. */
export type DispenseAnswer =
  | { readonly kind: 'begun' }
  | { readonly kind: 'refused'; readonly reason: ReasonCode }
  | { readonly kind: 'unanswered' };

/** Sends one signed, expiring command. A cabinet moves once per order, however often it is told. */
export interface DispensePort {
  /** Rejects only where nothing was sent. */
  dispense(request: DispenseRequest): Promise<DispenseAnswer>;
}

export const codeRefusals = ['UNKNOWN_MACHINE', 'BAD_SIGNATURE', 'EXPIRED', 'TAKEN', 'BUSY'] as const;
export type CodeRefusal = (typeof codeRefusals)[number];

export interface CodeDeskOptions {
  readonly operator: string;
  readonly codes: CodeStore;
  readonly deposits: DepositDesk;
  readonly cabinets: DispensePort;
  /** Journal key of an enrolled terminal; null for any other. */
  readonly keyOf: (terminal: string) => KeyObject | null;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  readonly policy: LoanPolicy;
}

export class CodeDesk {
  readonly #options: CodeDeskOptions;
  readonly #underWay = new Map<string, Promise<void>>();
  #timer: TimerHandle | null = null;

  constructor(options: CodeDeskOptions) {
    this.#options = options;
  }

  /** Orders that a crash left before their command was sent were never asked for. */
  async start(): Promise<void> {
    const { codes, clock } = this.#options;
    for (const order of await codes.open(codeDeskLimits.openOrders))
      if (order.stage === 'claimed') await this.#fail(order, 'NO_ANSWER');
    this.#timer = repeat(clock, 'headend.codes', codeDeskLimits.everyMs, () => void this.sweep());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await Promise.all(this.#underWay.values());
  }

  /** A phone's mark, given out with the page: it tells the phone that was first from the others. */
  newVisit(): string {
    return hex(this.#options.entropy.bytes(16));
  }

  /** Null for a code that may be used now, as far as the head end can tell. Changes nothing. */
  examine(code: SignedCabinetCode): CodeRefusal | null {
    const { keyOf, operator, clock } = this.#options;
    const key = keyOf(code.terminal);
    if (key === null) return 'UNKNOWN_MACHINE';
    if (!cabinetCodeAuthentic(operator, code, key)) return 'BAD_SIGNATURE';
    if (code.untimed) return null;
    const leftSeconds = code.expires - secondsOf(clock.wallMs());
    const tooLong = leftSeconds > cabinetCodeLimits.lifeSeconds + codeDeskLimits.aheadSeconds;
    return leftSeconds <= 0 || tooLong ? 'EXPIRED' : null;
  }

  /** Claims the nonce for this visit. Null when the order is on its way; the same visit again is no second order. */
  async order(code: SignedCabinetCode, visit: string, language: PageLanguage): Promise<CodeRefusal | null> {
    const { codes, clock, entropy } = this.#options;
    const nonce = hex(code.nonce);
    const known = await codes.byVisit(visit);
    if (known !== null) return known.nonce === nonce && known.terminal === code.terminal ? null : 'TAKEN';
    const refusal = this.examine(code) ?? (await this.#busy(code.terminal));
    if (refusal !== null) return refusal;
    const claimedMs = clock.wallMs();
    const lifeSeconds = codeDeskLimits.holdWaitMs / 1_000 + codeDeskLimits.commandLifeSeconds;
    const order: ScannedOrder = {
      terminal: code.terminal,
      nonce,
      visit,
      order: hex(entropy.bytes(16)),
      language,
      stage: 'claimed',
      reason: null,
      claimedMs,
      notAfter: secondsOf(claimedMs) + lifeSeconds,
    };
    if (!(await codes.claim(order))) return (await codes.byVisit(visit))?.nonce === nonce ? null : 'TAKEN';
    this.#carryOut(order, language);
    return null;
  }

  orderOf(visit: string): Promise<ScannedOrder | null> {
    return this.#options.codes.byVisit(visit);
  }

  /** Lets go of deposits of orders that can no longer begin, and forgets old codes. */
  async sweep(): Promise<void> {
    const { codes, clock, log } = this.#options;
    try {
      const lost = await codes.neverBegun(codeDeskLimits.neverBegunMs, codeDeskLimits.openOrders);
      for (const order of lost) await this.#fail(order, order.reason ?? 'NO_ANSWER');
      await codes.forget(clock.wallMs() - codeDeskLimits.keepMs);
    } catch (error) {
      log.error('codes.sweep-failed', { detail: messageOf(error) });
    }
  }

  async #busy(terminal: string): Promise<CodeRefusal | null> {
    const open = await this.#options.codes.open(codeDeskLimits.openOrders);
    const oldMs = this.#options.clock.wallMs() - codeDeskLimits.answerWaitMs - codeDeskLimits.holdWaitMs;
    const waiting = open.filter((order) => order.terminal === terminal && order.claimedMs > oldMs).length;
    const full = open.length >= codeDeskLimits.openOrders || waiting >= codeDeskLimits.openOrdersPerTerminal;
    return full ? 'BUSY' : null;
  }

  #carryOut(order: ScannedOrder, language: PageLanguage): void {
    const { log } = this.#options;
    const work = this.#borrow(order, language)
      .catch((error: unknown) =>
        log.error('codes.order-failed', { terminal: order.terminal, detail: messageOf(error) }),
      )
      .finally(() => this.#underWay.delete(order.order));
    this.#underWay.set(order.order, work);
  }

  async #borrow(order: ScannedOrder, language: PageLanguage): Promise<void> {
    const { codes, cabinets, clock } = this.#options;
    const held = await this.#holdDeposit(order);
    if (held !== true) return this.#fail(order, held === false ? 'DEPOSIT_REFUSED' : 'NO_ANSWER');
    await codes.advance(order.order, 'sent', null);
    const notAfter = unixSeconds(secondsOf(clock.wallMs()) + codeDeskLimits.commandLifeSeconds);
    const answer = await this.#inTime(
      cabinets.dispense({
        terminal: order.terminal,
        order: fromHex(order.order),
        nonce: fromHex(order.nonce),
        notAfter: unixSeconds(Math.min(notAfter, order.notAfter)),
        language,
        slot: null,
      }),
    );
    switch (answer.kind) {
      case 'begun':
        return codes.advance(order.order, 'answered', 'OK');
      case 'refused':
        return this.#fail(order, answer.reason);
      // It may have begun: its rows, or the lack of them, decide about the deposit.
      case 'unanswered':
        return codes.advance(order.order, 'answered', 'NO_ANSWER');
      default:
        answer satisfies never;
    }
  }

  /** True held, false refused, null unknown in time. */
  async #holdDeposit({ order }: ScannedOrder): Promise<boolean | null> {
    const { deposits, clock, policy } = this.#options;
    if (policy.depositMinor === 0) return true;
    const id = await deposits.hold(claimOf.order(order), policy.depositMinor, policy.terms.currency, null);
    if (id === null) return null;
    return new Promise((resolve) => {
      const timer = clock.timer('codes.hold', codeDeskLimits.holdWaitMs, () => end(null));
      const stop = deposits.ended.on(({ deposit, step, done }) => {
        if (deposit === id && step === 0) end(done);
      });
      const end = (held: boolean | null): void => {
        timer.cancel();
        stop();
        resolve(held);
      };
      // It may have been answered before anybody listened.
      void deposits.isHeld(id).then((held) => {
        if (held !== null) end(held);
      });
    });
  }

  #inTime(answer: Promise<DispenseAnswer>): Promise<DispenseAnswer> {
    const { clock, log } = this.#options;
    return new Promise((resolve) => {
      const timer = clock.timer('codes.answer', codeDeskLimits.answerWaitMs, () => resolve({ kind: 'unanswered' }));
      answer
        .catch((error: unknown): DispenseAnswer => {
          log.error('codes.dispense-failed', { detail: messageOf(error) });
          return { kind: 'refused', reason: 'OUT_OF_SERVICE' };
        })
        .then((said) => {
          timer.cancel();
          resolve(said);
        });
    });
  }

  /** Nothing will be lent for it. */
  async #fail({ order }: ScannedOrder, reason: NonNullable<ScannedOrder['reason']>): Promise<void> {
    const { codes, deposits } = this.#options;
    await codes.advance(order, 'failed', reason);
    await deposits.letGoOf(claimOf.order(order));
  }
}
