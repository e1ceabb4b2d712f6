// How a reader misbehaves, as small values in an ordered list. What the line does to the bytes on the way is a line
// fault.

export type ScannerFault =
  /** Up to `maxMs` between bytes. */
  | { readonly kind: 'jitter'; readonly maxMs: number }
  /** The frame comes in two halves, `pauseMs` apart. */
  | { readonly kind: 'split-frame'; readonly pauseMs: number }
  /** The same code again after `gapMs`. */
  | { readonly kind: 'double-read'; readonly gapMs: number }
  /** The reader forgot its ending. */
  | { readonly kind: 'no-suffix' }
  /** The trigger sticks: the code again every `everyMs`, `reads` times. */
  | { readonly kind: 'stuck-trigger'; readonly everyMs: number; readonly reads: number }
  /** Random bytes in front of the code. */
  | { readonly kind: 'noise'; readonly bytes: number }
  /** A setup code changed the case setting. */
  | { readonly kind: 'lower-case' }
  /** Bytes above 7F are sent as UTF-8 of their Latin-1 reading, as several readers do. */
  | { readonly kind: 'transcoding' }
  /** A setup code changed what the reader adds. */
  | { readonly kind: 'reconfigured'; readonly ending: string; readonly prefix: string }
  /** The plug is pulled after `afterBytes` of the code. */
  | { readonly kind: 'unplug'; readonly afterBytes: number }
  /** The reader is wedged: it reads the code and says nothing. */
  | { readonly kind: 'hang' };
