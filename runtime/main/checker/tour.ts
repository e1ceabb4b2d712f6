// A finished tour as evidence: what the terminal wrote, what the head end stored, what was held before
// the reader, and what the board did, each from the process that could see it.
import { EvidenceProblem, evidenceFiles, readJson, readLines } from './evidence-files.ts';
import { loansFile } from './loan-book.ts';
import { filesOfMachines, machinesFile, readMachines } from './machines.ts';
import { type Museum, readMuseum } from './museum.ts';
import { type MuseumStory, museumStoryOf } from './museum-story.ts';
import { count, flag, hexOrNull, list, microseconds, object, text } from './shape.ts';
import { type HeadEndRow, readHeadEnd, readJournal, type StoredRow } from './stored-rows.ts';

export interface WalletLine {
  readonly atUs: number;
  readonly story: string;
  readonly account: string | null;
  readonly digest: string | null;
  readonly genuine: boolean;
}

export interface JournalSight {
  readonly epoch: number;
  readonly seq: number;
  /** Accepted rows another process could read at that moment: a row shows only after its fsync. */
  readonly accepted: number;
}

export interface BoardLine {
  readonly atUs: number;
  readonly rising: readonly string[];
  readonly falling: readonly string[];
  readonly journal: JournalSight | null;
}

export interface StoryStep {
  readonly name: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly expected: {
    readonly charges: number | null;
    readonly accepted: number | null;
    readonly refused: number | null;
  };
}

export interface Story {
  readonly terminal: string;
  readonly steps: readonly StoryStep[];
  readonly kills: readonly { readonly atUs: number; readonly fired: boolean }[];
  readonly brokerStops: readonly unknown[];
  /** Null in a tour of the bus alone. */
  readonly museum: MuseumStory | null;
}

export interface Tour {
  /** Of the bus. */
  readonly journal: readonly StoredRow[];
  /** Of every terminal, by its id. */
  readonly journals: ReadonlyMap<string, readonly StoredRow[]>;
  readonly headEnd: readonly HeadEndRow[];
  /** What `integrity_check` says of each database when it is not "ok". */
  readonly damage: readonly string[];
  readonly wallet: readonly WalletLine[];
  readonly board: readonly BoardLine[];
  readonly story: Story;
  /** Null where the folder tells of the bus alone. */
  readonly museum: Museum | null;
}

/** Every file that the verdict rests on; fewer where even the list of machines cannot be read. */
export function filesOfTour(directory: string): ReadonlySet<string> {
  return new Set([...Object.values(evidenceFiles), ...museumFiles(directory)]);
}

function museumFiles(directory: string): readonly string[] {
  try {
    const machines = readMachines(directory);
    return machines === null ? [] : [loansFile, ...filesOfMachines(machines)];
  } catch (error) {
    if (error instanceof EvidenceProblem) return [machinesFile];
    throw error;
  }
}

/** @throws EvidenceProblem naming the file, line and field that cannot be read. */
export function readTour(directory: string): Tour {
  const journal = readJournal(directory, evidenceFiles.journal);
  const headEnd = readHeadEnd(directory);
  const story = readJson(directory, evidenceFiles.story, storyOf);
  const machines = readMachines(directory);
  const museum = machines && readMuseum(directory, machines, story.museum);
  const others = museum?.machines.map(({ terminal, journal: rows }) => [terminal, rows] as const) ?? [];
  return {
    journal: journal.rows,
    journals: new Map([[story.terminal, journal.rows], ...others]),
    headEnd: headEnd.rows,
    damage: [...journal.damage, ...headEnd.damage, ...(museum?.damage ?? [])],
    wallet: readLines(directory, evidenceFiles.wallet, walletLine),
    board: readLines(directory, evidenceFiles.board, boardLine),
    story,
    museum,
  };
}

function walletLine(value: unknown, where: string): WalletLine {
  const line = object(value, where);
  return {
    atUs: microseconds(line['atUs'], `${where} atUs`),
    story: text(line['story'], `${where} story`),
    account: hexOrNull(line['account'], `${where} account`),
    digest: hexOrNull(line['digest'], `${where} digest`),
    genuine: flag(line['genuine'], `${where} genuine`),
  };
}

function boardLine(value: unknown, where: string): BoardLine {
  const line = object(value, where);
  const pins = (key: string) => list(line[key], `${where} ${key}`).map((pin) => text(pin, `${where} ${key}`));
  const sight = line['journal'] ?? null;
  return {
    atUs: microseconds(line['atUs'], `${where} atUs`),
    rising: pins('rising'),
    falling: pins('falling'),
    journal: sight === null ? null : journalSight(object(sight, `${where} journal`), where),
  };
}

const journalSight = (sight: Readonly<Record<string, unknown>>, where: string): JournalSight => ({
  epoch: count(sight['epoch'], `${where} journal.epoch`),
  seq: count(sight['seq'], `${where} journal.seq`),
  accepted: count(sight['accepted'], `${where} journal.accepted`),
});

function storyOf(value: unknown, where: string): Story {
  const story = object(value, where);
  return {
    terminal: text(story['terminal'], `${where} terminal`),
    steps: list(story['steps'], `${where} steps`).map((step, index) =>
      storyStep(object(step, where), `${where} steps[${index}]`),
    ),
    kills: list(story['kills'], `${where} kills`).map((kill, index) => {
      const at = `${where} kills[${index}]`;
      return {
        atUs: microseconds(object(kill, at)['atUs'], `${at} atUs`),
        fired: flag(object(kill, at)['fired'], `${at} fired`),
      };
    }),
    brokerStops: list(story['brokerStops'], `${where} brokerStops`),
    museum: story['museum'] === undefined ? null : museumStoryOf(object(story['museum'], `${where} museum`), where),
  };
}

function storyStep(step: Readonly<Record<string, unknown>>, where: string): StoryStep {
  const expected = object(step['expected'] ?? {}, `${where} expected`);
  const number = (key: string) =>
    expected[key] === undefined ? null : count(expected[key], `${where} expected.${key}`);
  return {
    name: text(step['name'], `${where} name`),
    fromUs: microseconds(step['fromUs'], `${where} fromUs`),
    toUs: microseconds(step['toUs'], `${where} toUs`),
    expected: { charges: number('charges'), accepted: number('accepted'), refused: number('refused') },
  };
}
