// Test hooks of the writer thread: faults that a card or disk has on its own and a test must be able to
// ask for. Never set in production; a test asserts that its fault fired.

export interface WriterFaults {
  /** Each commit takes this much longer inside the writer, as a stalling card would. */
  readonly fsyncDelayMs?: number;
  /** The Nth commit (from 1) fails before (`ioerr-absent`) or after (`ioerr-present`) it is written, or finds the disk full. */
  readonly failAt?: { readonly commit: number; readonly how: 'ioerr-absent' | 'ioerr-present' | 'full' };
}
