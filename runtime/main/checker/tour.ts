// A finished tour as evidence: what the terminal wrote, what the head end stored, what was held before
// the reader, and what the board did, each from the process that could see it.
import { EvidenceProblem, evidenceFiles, evidenceLimits, readJson, readLines, withDatabase } from './evidence-files.ts';
import { count, flag, hexOrNull, list, microseconds, object, text } from './shape.ts';
import { type RowFacts, readRow } from './tour-row.ts';

export interface StoredRow {
  readonly epoch: number;
  readonly seq: number;
  readonly day: string;
  readonly type: string;
  readonly ref: string;
  readonly body: Uint8Array;
  /** Hexadecimal, as stored. */
  readonly hash: string;
  /** null where the body is not a row. */
  readonly facts: RowFacts | null;
}

export interface HeadEndRow extends StoredRow {
  readonly terminal: string;
  readonly act: string | null;
  readonly reason: string | null;
  /** What the second pass said of the evidence. */
  readonly verdict: string | null;
}

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
}

export interface Tour {
  readonly journal: readonly StoredRow[];
  readonly headEnd: readonly HeadEndRow[];
  /** What `integrity_check` says of each database when it is not "ok". */
  readonly damage: readonly string[];
  readonly wallet: readonly WalletLine[];
  readonly board: readonly BoardLine[];
  readonly story: Story;
}

/** @throws EvidenceProblem naming the file, line and field that cannot be read. */
export function readTour(directory: string): Tour {
  const journal = readTable(directory, evidenceFiles.journal, journalQuery, storedRow);
  const headEnd = readTable(directory, evidenceFiles.headEnd, headEndQuery, headEndRow);
  return {
    journal: journal.rows,
    headEnd: headEnd.rows,
    damage: [...journal.damage, ...headEnd.damage],
    wallet: readLines(directory, evidenceFiles.wallet, walletLine),
    board: readLines(directory, evidenceFiles.board, boardLine),
    story: readJson(directory, evidenceFiles.story, storyOf),
  };
}

const journalQuery = 'SELECT epoch, seq, day, type, ref, body, hash FROM journal ORDER BY epoch, seq';
const headEndQuery =
  'SELECT terminal, epoch, seq, day, type, ref, body, hash, act, reason, verdict FROM tx ORDER BY terminal, epoch, seq, day';

interface Table<T> {
  readonly rows: readonly T[];
  readonly damage: readonly string[];
}

function readTable<T>(
  directory: string,
  file: string,
  query: string,
  read: (row: DatabaseRow, where: string) => T,
): Table<T> {
  return withDatabase(directory, file, (database) => {
    const held = Number(database.prepare(`SELECT count(*) FROM (${query})`).pluck().get());
    if (held > evidenceLimits.maxRows) throw new EvidenceProblem(`${file}: more than ${evidenceLimits.maxRows} rows`);
    const raw = database.prepare(query).all() as readonly DatabaseRow[];
    const integrity = String(database.pragma('integrity_check(1)', { simple: true }));
    const rows = raw.map((row) => read(row, `${file}: epoch ${row['epoch']} seq ${row['seq']}`));
    return { rows, damage: integrity === 'ok' ? [] : [`${file}: ${integrity}`] };
  });
}

type DatabaseRow = Readonly<Record<string, unknown>>;

function storedRow(row: DatabaseRow, where: string): StoredRow {
  const body = blob(row['body'], `${where} body`);
  return {
    epoch: count(row['epoch'], `${where} epoch`),
    seq: count(row['seq'], `${where} seq`),
    day: text(row['day'], `${where} day`),
    type: text(row['type'], `${where} type`),
    ref: text(row['ref'], `${where} ref`),
    body,
    hash: blob(row['hash'], `${where} hash`).toString('hex'),
    facts: readRow(body),
  };
}

const headEndRow = (row: DatabaseRow, where: string): HeadEndRow => ({
  ...storedRow(row, where),
  terminal: text(row['terminal'], `${where} terminal`),
  act: textOrNull(row['act'], `${where} act`),
  reason: textOrNull(row['reason'], `${where} reason`),
  verdict: textOrNull(row['verdict'], `${where} verdict`),
});

function blob(value: unknown, where: string): Buffer {
  if (!Buffer.isBuffer(value)) throw new EvidenceProblem(`${where}: not bytes`);
  return value;
}

const textOrNull = (value: unknown, where: string): string | null => (value === null ? null : text(value, where));

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
