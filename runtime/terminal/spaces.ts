// Names of the projection spaces in journal.db: derived state that changes in the same commit as the
// row it follows from.

export const spaces = {
  /** (issuer, account) -> what the machine remembers of an account. */
  account: 'account',
  /** (issuer, token id) -> what is used of a ticket or loan code. */
  use: 'use',
  /** The open trip. */
  trip: 'trip',
  /** (kind, target) -> version and hash below which no document is believed. */
  floor: 'floor',
  /** Positions of the uplink per epoch. */
  cursor: 'cursor',
  /** Highest command counter and the ids of commands that were begun. */
  command: 'command',
  /** Birth counter and the like. */
  presence: 'presence',
  /** Newest signed ack per epoch. */
  receipt: 'receipt',
  /** epoch -> seq up to which a RECEIPT row proves that the head end has stored the same rows. */
  covered: 'covered',
} as const;
