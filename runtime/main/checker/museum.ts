// The museum's part of a finished tour: gate lanes and cabinets with their journals, traces and acts, and the head
// end's book of loans.
import { EvidenceProblem } from './evidence-files.ts';
import { type Capture, type Loan, readCaptures, readLoans } from './loan-book.ts';
import { type MachineEntry, type MachineEvidence, readEvidence } from './machines.ts';
import type { MuseumStory } from './museum-story.ts';
import { readJournal, type StoredRow } from './stored-rows.ts';
import type { RowFacts } from './tour-row.ts';

/** A gate lane or a cabinet, and all that is known of it. */
export interface MuseumMachine extends Omit<MachineEntry, 'journal' | 'trace' | 'acts'>, MachineEvidence {
  readonly journal: readonly StoredRow[];
  /** Facts of every readable row, in order of (epoch, seq). */
  readonly rows: readonly RowFacts[];
}

export interface Museum {
  readonly machines: readonly MuseumMachine[];
  readonly lanes: readonly MuseumMachine[];
  readonly cabinets: readonly MuseumMachine[];
  readonly loans: readonly Loan[];
  readonly captures: readonly Capture[];
  readonly damage: readonly string[];
  readonly story: MuseumStory;
}

/** @throws EvidenceProblem naming what is missing or cannot be read. */
export function readMuseum(directory: string, entries: readonly MachineEntry[], story: MuseumStory | null): Museum {
  if (story === null) throw new EvidenceProblem('story.json museum: machines are listed, and nothing is told of them');
  const read = entries.filter(({ machine }) => machine !== 'validator').map((entry) => readMachine(directory, entry));
  const machines = read.map(({ machine }) => machine);
  const cabinets = machines.filter(({ machine }) => machine === 'cabinet');
  const [loans, captures] = [readLoans(directory), readCaptures(directory)];
  return {
    machines,
    lanes: machines.filter(({ machine }) => machine === 'gate-lane'),
    cabinets,
    loans: loans.rows,
    captures: captures.rows,
    damage: [...read.flatMap(({ damage }) => damage), ...loans.damage],
    story,
  };
}

function readMachine(
  directory: string,
  entry: MachineEntry,
): { readonly machine: MuseumMachine; readonly damage: readonly string[] } {
  const { rows: journal, damage } = readJournal(directory, entry.journal);
  const rows = journal.map(({ facts }) => facts).filter((facts) => facts !== null);
  return { machine: { ...entry, ...readEvidence(directory, entry), journal, rows }, damage };
}
