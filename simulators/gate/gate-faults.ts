// How a gate misbehaves, as small values in an ordered list. Faults of the board itself and of the line have lists of
// their own.
import type { GateDirection } from '../../devices/ports/gate.ts';

/** Contacts by which a controller tells what it sees. */
export type GateOutput = 'passageEntry' | 'passageExit' | 'ready' | 'opened' | 'occupied';

export type GateFault =
  /** The controller is dead to commands and answers none. Fire and power still free it. */
  | { readonly kind: 'mute' }
  /** It stays open after a passage or its wait. */
  | { readonly kind: 'no-relock' }
  /** Its ready output stays off. */
  | { readonly kind: 'no-ready' }
  /** A sensor or its contact shows one thing, whatever happens. */
  | { readonly kind: 'stuck-sensor'; readonly output: GateOutput; readonly active: boolean }
  /** The board's relay for this direction has welded: closed for good. */
  | { readonly kind: 'welded-relay'; readonly direction: GateDirection }
  /** A closing contact bounces `edges` times before it rests. */
  | { readonly kind: 'bounce'; readonly edges: number }
  /** Serial: it refuses a command. */
  | { readonly kind: 'nack' }
  /** Serial: it acts, but its answer is lost. */
  | { readonly kind: 'lost-ack' }
  /** Serial: random bytes before what it says. */
  | { readonly kind: 'noise'; readonly bytes: number };
