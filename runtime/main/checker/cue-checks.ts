// Checks of the first law, green means durable: from the board's bytes and from what another process
// could read in the journal at that very moment.
import { type AcceptCue, greenRises } from './cues.ts';
import { type Findings, placeOf } from './findings.ts';
import type { JournalSight, WalletLine } from './tour.ts';
import type { RowFacts } from './tour-row.ts';
import { judge, type TourCheck } from './verdict.ts';

/** Signalled is a subset of committed: no cue without its row, no mark on anything but a charge, nothing seen is lost. */
export function checkSignalled(findings: Findings): TourCheck {
  const { cues, charges } = findings;
  const faults = [
    ...orderFaults(findings),
    ...cueFaults(cues, charges),
    ...markFaults(findings),
    ...lostFaults(findings),
  ];
  const summary = `${cues.length} accept cues, ${charges.length} accepted rows`;
  return judge('signalled-subset-of-committed', cues.length, faults, summary);
}

function* orderFaults({ tour }: Findings): Iterable<string> {
  for (const [index, line] of tour.board.entries()) {
    const before = tour.board[index - 1];
    if (before && line.atUs < before.atUs) yield `board line ${index + 1} is older than the line before it`;
  }
}

/** The n-th cue needs n accepted rows that were already decided when it came. */
function* cueFaults(cues: readonly AcceptCue[], charges: readonly RowFacts[]): Iterable<string> {
  const decidedUs = charges.map((row) => row.tMonoMs * 1000).sort((a, b) => a - b);
  for (const [index, cue] of cues.entries()) {
    const nth = decidedUs[index];
    if (nth === undefined) yield `accept cue ${index + 1} (board line ${cue.line + 1}) has no accepted row`;
    else if (nth > cue.atUs)
      yield `accept cue ${index + 1} (board line ${cue.line + 1}) came before its row was decided`;
  }
}

function* markFaults({ rows, charges }: Findings): Iterable<string> {
  const accepted = new Set(charges.map(placeOf));
  for (const row of rows) {
    if (row.signalled === null) continue;
    const marked = { epoch: row.epoch, seq: row.signalled };
    if (row.signalled >= row.seq || !accepted.has(placeOf(marked)))
      yield `${placeOf(row)} marks seq ${row.signalled} as signalled, which is no earlier accepted row`;
  }
}

/** What another process saw durable must still be in the journal, and never more of it than there is. */
function* lostFaults({ tour, rows, charges }: Findings): Iterable<string> {
  const kept = new Set(rows.map(placeOf));
  for (const [index, { journal }] of tour.board.entries()) {
    if (journal === null) continue;
    if (!kept.has(placeOf(journal))) yield `board line ${index + 1} saw ${placeOf(journal)} durable, which is gone`;
    if (journal.accepted > charges.length)
      yield `board line ${index + 1} saw ${journal.accepted} accepted rows, ${charges.length} are left`;
  }
}

/**
 * At each rise of green, and at each tone under a standing green, at least as many accepted rows were
 * durable as cues had been given, the one that begins there included. Without a look of its own a cue may lean on
 * an earlier one, since durable rows only grow in number; a rise of green may not.
 */
export function checkNoGreenBeforeCommit({ tour, cues }: Findings): TourCheck {
  const faults: string[] = [];
  const begun = new Set(cues.map((cue) => beginningOf(cue, tour.wallet)));
  let given = 0;
  let examined = 0;
  let seen: JournalSight | null = null;
  for (const [index, line] of tour.board.entries()) {
    seen = line.journal ?? seen;
    if (begun.has(index)) given++;
    if (!greenRises(line) && !begun.has(index)) continue;
    examined++;
    if (greenRises(line) && line.journal === null)
      faults.push(`board line ${index + 1}: green rose and nobody looked at the journal`);
    else if ((seen?.accepted ?? 0) < given)
      faults.push(`board line ${index + 1}: accept cue ${given} with ${seen?.accepted ?? 0} accepted rows durable`);
  }
  return judge(
    'no-green-before-commit',
    examined,
    faults,
    `${examined} rises of green, each after the commit that allowed it`,
  );
}

/**
 * Lamp and tone are two orders to the board, and the rider goes by the lamp: a cue counts from its green. Unless
 * another code was shown between the two: then the green may have answered a repeat, and only the tone is sure.
 */
function beginningOf({ line, atUs, begunAt }: AcceptCue, wallet: readonly WalletLine[]): number {
  const another = wallet.some((shown) => shown.atUs > begunAt.atUs && shown.atUs <= atUs);
  return another ? line : begunAt.line;
}
