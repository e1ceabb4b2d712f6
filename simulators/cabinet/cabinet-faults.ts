// How a cabinet misbehaves, as small values in an ordered list. What the lines do to the bytes on the way is a line
// fault.

/** Each has its own line. */
export type SimulatedPart = 'locks' | 'tags' | 'charge';

export type CabinetFault =
  /** The bolt does not move when its coil pulls. */
  | { readonly kind: 'jam'; readonly slot: number }
  /** The relay welds when it pulls: the bolt stays drawn back, whatever the door does. */
  | { readonly kind: 'relay-stuck'; readonly slot: number }
  /** The door is pushed and does not catch. */
  | { readonly kind: 'door-ajar'; readonly slot: number }
  /** What is put in stays in the mouth of the slot; the door cannot close. */
  | { readonly kind: 'half-in'; readonly slot: number }
  /** The tag reader says another tag than the item carries. */
  | { readonly kind: 'wrong-tag'; readonly slot: number; readonly tag: string }
  /** The tag reader or the charge contact of one slot is broken, and the reader says so. */
  | { readonly kind: 'unreadable'; readonly slot: number; readonly part: 'tags' | 'charge' }
  /**
   * The lock board says an earlier status again: `between` two requests, as leftovers of a buffer, or `before` the true
   * answer, as an answer that came late.
   */
  | { readonly kind: 'stale-bytes'; readonly when: 'between' | 'before'; readonly copies: number }
  /** The lock board answers under this number. */
  | { readonly kind: 'wrong-board'; readonly board: number }
  /** One part has no power: it neither hears nor answers. */
  | { readonly kind: 'gone'; readonly part: SimulatedPart }
  /** Answers of one part come `ms` late. */
  | { readonly kind: 'slow'; readonly part: SimulatedPart; readonly ms: number }
  /** Random bytes before each answer of one part. */
  | { readonly kind: 'noise'; readonly part: SimulatedPart; readonly bytes: number };
