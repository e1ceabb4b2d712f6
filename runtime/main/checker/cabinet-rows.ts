// What the rows of a cabinet say of guides: that one left on an order, or came back.
import type { RowFacts } from './tour-row.ts';

/** An order that ended with the guide taken; staff may say so too, in the order's own row. */
export const isTaken = ({ type, event, outcome, act }: RowFacts): boolean =>
  type === 'OUTCOME' &&
  event?.ending === 'done' &&
  ((act === 'dispense' && outcome === 'taken') || (act === 'order' && event.kind === 'order'));

/** A return that ended with the guide named by its own tag. */
export const isReturned = ({ act, event, item }: RowFacts): boolean =>
  act === 'return' && event?.ending === 'done' && item !== null;

/** Something was touched, put in and taken out again, or of no fleet: no loan is closed by it. */
export const isVainReturn = ({ act, event }: RowFacts): boolean => act === 'return' && event?.ending === 'unfinished';
