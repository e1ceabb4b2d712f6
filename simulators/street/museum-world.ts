// What the street shows of its museum and what a person can do there. Device ends only: wings, contacts, slots and lamps
// as the simulated devices hold them, never what a terminal says of itself.
import type { SlotState } from '../cabinet/slot.ts';
import type { BarrierState } from '../gate/barrier.ts';
import type { Person } from '../gate/people.ts';

export interface MachineSnapshot {
  readonly id: string;
  readonly process: 'running' | 'starting' | 'dead';
  readonly pid: number | null;
  readonly lamp: { readonly green: boolean; readonly red: boolean; readonly amber: boolean; readonly white: boolean };
  readonly beeps: number;
  readonly reader: { readonly plugged: boolean; readonly path: string };
  /** What the terminal's screen was last told of a code; null before the first. */
  readonly answer: { readonly cue: string; readonly reason: string; readonly ref: string | null } | null;
}

export interface LaneSnapshot extends MachineSnapshot {
  readonly kind: 'relay' | 'digicon';
  readonly barrier: BarrierState;
  readonly people: readonly Person[];
}

export interface CabinetSnapshot extends MachineSnapshot {
  readonly place: string;
  readonly slots: readonly SlotState[];
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
  | { readonly kind: 'restart'; readonly terminal: string };

export interface MuseumWorld {
  snapshot(): MuseumSnapshot;
  /** Does the act; resolves with one sentence a person can read. */
  act(act: MuseumAct): Promise<string>;
}
