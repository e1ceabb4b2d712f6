// What a cabinet holds between two inputs: its ledger, which is a fold of rows, and what lives only as
// long as the process: sensors as last heard, latches on their way, codes on the screen.
import type { MonoMs } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import type { Outcome } from '../../tokens/outcome.ts';
import { type DeclineBudget, fullBudget } from '../shared/declines.ts';
import type { ArmedTimers } from '../shared/timers.ts';
import { type CabinetLedger, emptyLedger } from './ledger.ts';
import type { Motion, Order, OrderState } from './order.ts';
import type { SlotFacts } from './slot.ts';
import type { TimerName } from './timer-names.ts';

/** A slot's sensors as last heard in this boot. */
export interface Sensed {
  readonly facts: SlotFacts;
  /** The highest charge since it last rose, and when that was. */
  readonly charge: { readonly percent: number; readonly sinceMonoMs: MonoMs } | null;
}

/** A random number shown in a code: whoever scanned it stood here. Dies with the boot. */
export interface Nonce {
  readonly nonce: Bytes;
  readonly madeMonoMs: MonoMs;
  readonly spent: boolean;
}

/** A code that waits for the word of the other machines. */
export interface Claim {
  readonly tx: Bytes;
  readonly outcome: Outcome;
  readonly language: string | null;
  readonly done: number;
  readonly found: number;
  readonly review: boolean;
  /** The cabinet that was asked. */
  readonly home: string;
  readonly dueMonoMs: MonoMs;
}

/** A slot that is to be opened for a person as soon as no latch moves. */
export interface OpenRequest {
  readonly slot: number;
  readonly for: 'return' | 'foreign' | 'staff';
  readonly staff: Bytes | null;
}

/** A foreign item on its way back to whoever put it in. */
export interface Ejection {
  /** INTENTs so far. */
  readonly tries: number;
  /** The last one moved nothing; the next may follow then. */
  readonly againMonoMs: MonoMs | null;
}

/** A code refused moments ago: while its answer still stands, the same bytes get no second one. */
export interface RefusedCode {
  readonly raw: string;
  readonly atMonoMs: MonoMs;
}

export interface CabinetState {
  /** recovering before Boot: nothing is known of what the journal holds open. */
  readonly service: 'recovering' | 'serving';
  readonly bootMonoMs: MonoMs;
  readonly ledger: CabinetLedger;
  readonly sensed: ReadonlyMap<number, Sensed>;
  readonly motions: readonly Motion[];
  readonly claims: readonly Claim[];
  readonly openRequests: readonly OpenRequest[];
  /** Foreign items that are being given back, by slot. */
  readonly ejections: ReadonlyMap<number, Ejection>;
  readonly nonces: readonly Nonce[];
  /** The nonce on the screen. */
  readonly shown: Nonce | null;
  /** Until when sensors may still say what became of motions of an earlier life. */
  readonly resolveByMonoMs: MonoMs | null;
  readonly refused: readonly RefusedCode[];
  /** Outcomes of other cabinets' claims that are written already. */
  readonly settled: readonly string[];
  /** Where the first row of a running transaction stands, by tx in hexadecimal. */
  readonly references: ReadonlyMap<string, string>;
  readonly declines: DeclineBudget;
  readonly storageAlarm: boolean;
  readonly timers: ArmedTimers<TimerName>;
  /** Inputs that the present state does not know. */
  readonly ignored: number;
}

export const initialState: CabinetState = {
  service: 'recovering',
  bootMonoMs: 0 as MonoMs,
  ledger: emptyLedger,
  sensed: new Map(),
  motions: [],
  claims: [],
  openRequests: [],
  ejections: new Map(),
  nonces: [],
  shown: null,
  resolveByMonoMs: null,
  refused: [],
  settled: [],
  references: new Map(),
  declines: fullBudget,
  storageAlarm: false,
  timers: {},
  ignored: 0,
};

export const orderMotion = (state: CabinetState): Motion | null =>
  state.motions.find((motion) => motion.for === 'order') ?? null;

export const motionAt = (state: CabinetState, slot: number): Motion | null =>
  state.motions.find((motion) => motion.slot === slot) ?? null;

/** The one latch that moves now. */
export const movingLatch = (state: CabinetState): Motion | null =>
  state.motions.find((motion) => motion.actId !== null && motion.presentedMonoMs === null) ?? null;

export const orderOf = (state: CabinetState, tx: Bytes | null): Order | null =>
  tx === null ? null : (state.ledger.orders.get(hex(tx)) ?? null);

/** INTENTs of an earlier life whose outcome no sensor has told yet. */
export const unresolved = (state: CabinetState): readonly Order[] =>
  [...state.ledger.orders.values()].filter(
    (order) => (order.phase === 'DISPENSING' || order.phase === 'PRESENTED') && motionAt(state, order.slot) === null,
  );

/** The name of the state an open order is in, for screens and staff. */
export function orderState(state: CabinetState, order: Order): OrderState {
  const motion = state.motions.find((running) => running.for === 'order' && running.slot === order.slot);
  return order.phase === 'DISPENSING' && motion?.presentedMonoMs != null ? 'PRESENTED' : order.phase;
}
