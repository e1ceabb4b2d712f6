// Test hooks of the writer thread: faults that a card or disk has on its own and a test must be able to
// ask for. Never set in production; a test asserts that its fault fired.

export interface WriterFaults {
  /** Each commit takes this much longer inside the writer, as a stalling card would. */
  readonly fsyncDelayMs?: number;
  /**
   * The Nth commit (from 1) of each entry fails once: before (`ioerr-absent`) or after (`ioerr-present`) it is
   * written, finding the disk full, or by a defect that ends the thread.
   */
  readonly failAt?: readonly CommitFault[];
}

export interface CommitFault {
  readonly commit: number;
  readonly how: 'ioerr-absent' | 'ioerr-present' | 'full' | 'defect';
}
