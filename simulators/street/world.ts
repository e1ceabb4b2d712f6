// What the street page shows and what a person there can do. The page draws device-end state only:
// lamp and sound come from the simulated board's pins, never from what the terminal says of itself.
import type { MuseumSnapshot, MuseumWorld } from './museum-world.ts';
import type { StreetRow } from './street-row.ts';

export interface StreetSnapshot {
  readonly terminal: {
    readonly id: string;
    readonly process: 'running' | 'starting' | 'dead';
    readonly pid: number | null;
  };
  /** Levels of the board's pins as the simulated board holds them. */
  readonly board: {
    readonly connected: boolean;
    readonly lamp: { readonly green: boolean; readonly red: boolean; readonly amber: boolean; readonly white: boolean };
    readonly buzzer: boolean;
    /** Buzzer pulses since the start, and the time of the newest lamp change (wall, ms). */
    readonly beeps: number;
    readonly changedAtMs: number;
  };
  readonly reader: { readonly plugged: boolean; readonly path: string };
  readonly network: 'up' | 'cut';
  readonly headEnd: 'running' | 'stopped';
  readonly phone: {
    readonly account: string;
    /** What the phone's screen shows now. */
    readonly code: string;
    readonly refreshesInMs: number;
    /** How long one code stays on the screen: the full turn of the page's countdown ring. */
    readonly refreshesEveryMs: number;
    readonly denied: boolean;
    readonly balanceHidden: true;
  };
  /** Newest first, at most 12. */
  readonly journal: readonly StreetRow[];
  readonly ledger: readonly StreetRow[];
  readonly counts: { readonly journalRides: number; readonly ledgerRides: number; readonly waiting: number };
  /** Null for a street without one. */
  readonly museum: MuseumSnapshot | null;
}

export const streetActions = [
  'ride',
  'hold',
  'forge',
  'stale',
  'foreign',
  'deny',
  'pardon',
  'cut-network',
  'restore-network',
  'unplug-reader',
  'plug-reader',
  'kill-terminal',
  'restart-terminal',
  'stop-headend',
  'start-headend',
] as const;
export type StreetAction = (typeof streetActions)[number];

/** The running street behind the page. `changed` calls are coalesced by the server. */
export interface StreetWorld {
  snapshot(): StreetSnapshot;
  /**
   * `present` shows any text to the reader, as a phone held before it would. Resolves with what kept it from being
   * read, in one sentence; empty when nothing did.
   */
  present(code: string): Promise<string>;
  /** Does the act; resolves with one sentence a person can read. */
  act(action: StreetAction): Promise<string>;
  /** Null for a street without one. */
  readonly museum: MuseumWorld | null;
  onChange(listener: () => void): () => void;
}
