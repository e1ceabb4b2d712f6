// What the street shows of its museum and what a person can do there. Device ends only: wings, contacts, slots and lamps
// as the simulated devices hold them, never what a terminal says of itself.
import type { SlotState } from '../cabinet/slot.ts';
import type { BarrierState } from '../gate/barrier.ts';
import type { Person } from '../gate/people.ts';
import type { StreetRow } from './street-row.ts';

export interface MachineSnapshot {
  readonly id: string;
  readonly process: 'running' | 'starting' | 'dead';
  readonly pid: number | null;
  readonly lamp: { readonly green: boolean; readonly red: boolean; readonly amber: boolean; readonly white: boolean };
  readonly beeps: number;
  readonly reader: { readonly plugged: boolean; readonly path: string };
  /** What the terminal's screen was last told of a code; null before the first. */
  readonly answer: { readonly cue: string; readonly reason: string; readonly ref: string | null } | null;
  /** Why the terminal last called staff since it started; null for never. */
  readonly alarm: string | null;
  readonly network: 'up' | 'cut';
  /** The line to what moves: a mute board moves nothing, whatever it is told. */
  readonly boardLine: 'alive' | 'mute';
}

export interface LaneSnapshot extends MachineSnapshot {
  readonly kind: 'relay' | 'digicon';
  readonly barrier: BarrierState;
  readonly people: readonly Person[];
}

export interface CabinetSnapshot extends MachineSnapshot {
  readonly place: string;
  readonly slots: readonly SlotState[];
  /** Slots whose latch does not move. */
  readonly jammed: readonly number[];
  /** Address behind the code on its screen; null while it shows none. */
  readonly code: string | null;
  readonly prompt: { readonly prompt: string; readonly slot: number | null } | null;
}

export interface MuseumSnapshot {
  readonly capacity: number;
  readonly lanes: readonly LaneSnapshot[];
  readonly cabinets: readonly CabinetSnapshot[];
  /** Guides that somebody carries about. */
  readonly carried: readonly string[];
  /** What a visitor's phone can show, each as it stands there now. */
  readonly offers: readonly Offer[];
  /** Of all machines of the museum, newest first. */
  readonly journal: readonly StreetRow[];
  readonly ledger: readonly StreetRow[];
  /** Rows of `journal` that the head end does not hold: terminal, reference and seq, each behind a slash. */
  readonly waiting: readonly string[];
}

/** Codes on a visitor's phone; the badge is on that of somebody on duty. */
export const offerKinds = ['ticket', 'early', 'group', 'loanCode', 'paper', 'badge'] as const;
export type OfferKind = (typeof offerKinds)[number];

export interface Offer {
  readonly kind: OfferKind;
  readonly code: string;
}

export const laneTickets = ['good', 'again', 'early', 'group'] as const;
export const passages = ['walk', 'turnBack', 'tailgate', 'stand', 'push', 'leave'] as const;

export type MuseumAct =
  /** A ticket before the reader of a lane; `again` is the last one that was shown anywhere. */
  | { readonly kind: 'ticket'; readonly lane: string; readonly ticket: (typeof laneTickets)[number] }
  /** Somebody at the barrier; `push` comes in and `leave` goes out without a code. */
  | { readonly kind: 'person'; readonly lane: string; readonly does: (typeof passages)[number] }
  /** Both contacts of the fire system, at every lane. */
  | { readonly kind: 'fire'; readonly on: boolean }
  | { readonly kind: 'borrow'; readonly cabinet: string; readonly by: 'loanCode' | 'paper' | 'phone' }
  /** Somebody takes what stands behind an open door and shuts it. */
  | { readonly kind: 'take'; readonly cabinet: string; readonly slot: number }
  | { readonly kind: 'pressReturn'; readonly cabinet: string }
  /** A carried guide into an open slot; the oldest one where none is named. */
  | { readonly kind: 'putBack'; readonly cabinet: string; readonly slot: number; readonly item: string | null }
  | { readonly kind: 'jam'; readonly cabinet: string; readonly slot: number; readonly on: boolean }
  | { readonly kind: 'kill'; readonly terminal: string }
  | { readonly kind: 'restart'; readonly terminal: string }
  | { readonly kind: 'network'; readonly terminal: string; readonly cut: boolean }
  | { readonly kind: 'reader'; readonly terminal: string; readonly plugged: boolean }
  /** The line to what moves: the barrier's board, or the lock board. */
  | { readonly kind: 'mute'; readonly terminal: string; readonly on: boolean }
  /** Another code of that kind, in place of one that may be used up. */
  | { readonly kind: 'buy'; readonly offer: OfferKind };

export interface MuseumWorld {
  snapshot(): MuseumSnapshot;
  /**
   * Shows any text to the reader of a machine, as a phone held before it would. Resolves with what kept it from being
   * read, in one sentence; empty when nothing did.
   */
  present(code: string, terminal: string): Promise<string>;
  /** Does the act; resolves with one sentence a person can read. */
  act(act: MuseumAct): Promise<string>;
}
