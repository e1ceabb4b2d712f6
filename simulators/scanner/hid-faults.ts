// How a HID reader misbehaves, as small values in an ordered list.

export type HidFault =
  /** A report under another id comes before the code. */
  | { readonly kind: 'wrong-id'; readonly reportId: number }
  /** A report that claims more bytes than it holds comes before the code. */
  | { readonly kind: 'wrong-length'; readonly length: number }
  /** A report of another size comes before the code. */
  | { readonly kind: 'wrong-size'; readonly bytes: number }
  /** The last report of a code is lost. */
  | { readonly kind: 'lose-last' }
  /** The same code again after `gapMs`. */
  | { readonly kind: 'double-read'; readonly gapMs: number }
  /** The plug is pulled after `afterReports` of the code. */
  | { readonly kind: 'unplug'; readonly afterReports: number }
  /** A setup code switched the reader to a keyboard: it announces one when it is plugged in again. */
  | { readonly kind: 'keyboard' }
  /** The reader is wedged: it reads the code and says nothing. */
  | { readonly kind: 'hang' };
