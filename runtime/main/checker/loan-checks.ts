// Checks of what is lent: no loan and no charge without a guide that was taken, seen at the slot itself; and each
// return ends the loan of that guide and no other.

import { isReturned, isTaken, isVainReturn } from './cabinet-rows.ts';
import { placeOf, shortHex } from './findings.ts';
import { atUs, letInUs } from './lane-rows.ts';
import type { Loan } from './loan-book.ts';
import type { SlotAct } from './machines.ts';
import type { Museum, MuseumMachine } from './museum.ts';
import { pairUp } from './pairing.ts';
import type { RowFacts } from './tour-row.ts';
import { judgeSome, type TourCheck } from './verdict.ts';

/** Sensors are polled, and a guide is read some time after it was put in. */
const sensedWithinUs = 60_000_000;

/** TAKEN rows = guides that a hand took out of that slot, between INTENT and row. */
export function checkTakenAtSlot({ cabinets }: Museum): TourCheck {
  const faults = cabinets.flatMap((cabinet) => [...slotFaults(cabinet)]);
  const taken = cabinets.flatMap(({ rows }) => rows.filter(isTaken)).length;
  return judgeSome('taken-at-the-slot', taken, faults, `${taken} guides taken, each seen to leave its slot`);
}

function* slotFaults(cabinet: MuseumMachine): Iterable<string> {
  const { terminal, rows, slotActs } = cabinet;
  const acts = (event: SlotAct['event']) => slotActs.filter((act) => act.event === event);
  const taken = pairUp(rows.filter(isTaken), acts('taken'), (row, act) => {
    const fromUs = letInUs(cabinet, row);
    return isSame(row, act) && act.atUs >= fromUs && act.atUs <= atUs(row) + 1_000;
  });
  for (const row of taken.lonely) yield `${terminal} ${placeOf(row)}: taken, and nothing left slot ${row.slot}`;
  const takenBack = pairUp(taken.left, rows.filter(isVainReturn), (act, row) => isAround(row, act));
  for (const act of takenBack.lonely)
    yield `${terminal}: ${act.item ?? 'something'} left slot ${act.slot} at ${act.atUs} us, and no row says so`;
  const back = rows.filter((row) => isReturned(row) || isVainReturn(row));
  const put = pairUp(acts('returned'), back, (act, row) => isAround(row, act));
  for (const act of put.lonely)
    yield `${terminal}: ${act.item ?? 'something'} came into slot ${act.slot} at ${act.atUs} us, and no row says so`;
}

const isSame = (row: RowFacts, act: SlotAct): boolean => row.slot === act.slot && row.item === act.item;
const isAround = (row: RowFacts, act: SlotAct): boolean =>
  row.slot === act.slot && atUs(row) + 1_000 >= act.atUs && atUs(row) <= act.atUs + sensedWithinUs;

/** Loans at the head end = TAKEN rows of the cabinets, of the same transaction, guide and row. */
export function checkLoansAreTaken({ cabinets, loans }: Museum): TourCheck {
  const taken = cabinets.flatMap(({ rows }) => rows.filter(isTaken));
  const byTx = new Map(loans.map((loan) => [loan.tx, loan]));
  const faults: string[] = [];
  for (const row of taken) {
    const loan = row.tx === null ? undefined : byTx.get(row.tx);
    if (!loan) faults.push(`${row.terminal} ${placeOf(row)}: taken, and the head end knows no loan of it`);
    else if (loan.item !== row.item || !isAt(loan.taken, row))
      faults.push(`loan ${shortHex(loan.tx)} names another guide or row than ${row.terminal} ${placeOf(row)}`);
  }
  const transactions = new Set(taken.map(({ tx }) => tx));
  if (transactions.size < taken.length) faults.push('a transaction was taken twice');
  for (const { tx, item } of loans)
    if (!transactions.has(tx)) faults.push(`loan ${shortHex(tx)} of ${item}: no cabinet wrote that it was taken`);
  return judgeSome(
    'loans-are-taken',
    loans.length,
    faults,
    `${loans.length} loans, each begun by a guide that was taken`,
  );
}

/** States in which something of the visitor's money is kept. */
const chargedStates: ReadonlySet<string> = new Set(['RETURNED', 'LOST']);

/** Money is kept for a loan that a TAKEN row began, and only once it is over. */
export function checkCharges({ cabinets, loans, captures }: Museum): TourCheck {
  const taken = new Set(cabinets.flatMap(({ rows }) => rows.filter(isTaken)).map(({ tx }) => tx));
  const byTx = new Map(loans.map((loan) => [loan.tx, loan]));
  const faults: string[] = [];
  for (const { tx, state, chargeMinor } of loans) {
    if (chargeMinor === null || chargeMinor === 0) continue;
    if (!taken.has(tx)) faults.push(`loan ${shortHex(tx)} charges ${chargeMinor} and nothing was taken`);
    if (!chargedStates.has(state)) faults.push(`loan ${shortHex(tx)} charges ${chargeMinor} and is ${state}`);
  }
  for (const { deposit, amountMinor, loan } of captures) {
    const of = loan === null ? undefined : byTx.get(loan);
    if (!of || !taken.has(of.tx))
      faults.push(`deposit ${shortHex(deposit)} keeps ${amountMinor} and nothing was taken`);
    else if (amountMinor > (of.chargeMinor ?? 0))
      faults.push(`deposit ${shortHex(deposit)} keeps ${amountMinor}, its loan charges ${of.chargeMinor ?? 'nothing'}`);
  }
  const charged = loans.filter(({ chargeMinor }) => chargeMinor !== null).length;
  const summary = `${charged} loans settled, ${captures.length} deposits kept in part`;
  return judgeSome('no-charge-without-taken', loans.length, faults, summary);
}

/**
 * The guides' ways over all cabinets, in order of time: taken, back, taken. The return that follows a TAKEN ends its
 * loan at the head end, and no return ends two.
 */
export function checkReturns({ cabinets, loans }: Museum): TourCheck {
  const faults: string[] = [];
  const byTx = new Map(loans.map((loan) => [loan.tx, loan]));
  const out = new Map<string, RowFacts>();
  let closed = 0;
  const ways = cabinets.flatMap(({ rows }) => rows.filter((row) => isTaken(row) || isReturned(row)));
  for (const row of ways.sort((a, b) => a.tMonoMs - b.tMonoMs || a.seq - b.seq)) {
    const item = row.item ?? '';
    const before = out.get(item);
    if (isTaken(row)) {
      if (before) faults.push(`${row.terminal} ${placeOf(row)}: ${item} was taken while it was out`);
      out.set(item, row);
    } else if (before) {
      closed++;
      out.delete(item);
      const loan = byTx.get(before.tx ?? '');
      if (!loan || loan.returned === null || !isAt(loan.returned, row))
        faults.push(`${row.terminal} ${placeOf(row)}: ${item} came back, and its loan does not end there`);
    }
  }
  for (const row of out.values()) {
    const loan = byTx.get(row.tx ?? '');
    if (loan?.returned) faults.push(`loan ${shortHex(loan.tx)} has ended, and ${loan.item} has not come back`);
  }
  faults.push(...sharedEnds(loans));
  return judgeSome('return-closes-one-loan', closed, faults, `${closed} returns, each ended the loan of its guide`);
}

function* sharedEnds(loans: readonly Loan[]): Iterable<string> {
  const ends = new Set<string>();
  for (const { tx, returned } of loans) {
    if (returned === null) continue;
    const end = `${returned.terminal} ${placeOf(returned)}`;
    if (ends.has(end)) yield `loan ${shortHex(tx)} ends with a return that has ended another: ${end}`;
    ends.add(end);
  }
}

const isAt = (place: Loan['taken'], { terminal, epoch, seq }: RowFacts): boolean =>
  place.terminal === terminal && place.epoch === epoch && place.seq === seq;
