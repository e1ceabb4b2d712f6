// The verdict over a tour: a good folder is green, and each way of spoiling it turns exactly the checks
// red that are there to see it.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { seq } from '../../../runtime/core/brand.ts';
import { checkTour, checkUntouched } from '../../../runtime/main/checker/check-tour.ts';
import { evidenceLimits } from '../../../runtime/main/checker/evidence-files.ts';
import { type CheckId, checkIds, type TourVerdict } from '../../../runtime/main/checker/verdict.ts';
import { decodeRow, encodeRow, type Row } from '../../../runtime/records/row.ts';
import {
  accountOf,
  cueLine,
  digestOf,
  isDecline,
  isRide,
  newEpoch,
  type Spoil,
  type TourDraft,
  type TourFiles,
  writeTourDirectory,
} from '../../fixtures/tour-directory.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function tourWith(spoil: Spoil = {}): string {
  const folder = writeTourDirectory(spoil);
  folders.push(folder);
  return folder;
}

const redChecks = (verdict: TourVerdict): readonly CheckId[] =>
  verdict.checks.filter((check) => !check.ok).map((check) => check.id);
const detailOf = (verdict: TourVerdict, id: CheckId): string =>
  verdict.checks.find((check) => check.id === id)?.detail ?? '';

describe('a good tour', () => {
  it('is green in every check, and every check looked at something', () => {
    const verdict = checkTour(tourWith());

    expect(redChecks(verdict)).toEqual([]);
    expect(verdict.ok).toBe(true);
    expect(verdict.checks.map((check) => check.id)).toEqual(checkIds);
    expect(verdict.checks.filter((check) => check.count === 0)).toEqual([]);
  });

  it('says which rows of the shutdown the head end does not have', () => {
    const verdict = checkTour(tourWith());

    expect(detailOf(verdict, 'journal-head-end-equal')).toMatch(
      /unsent at the tail: RECEIPT seq \d+, CHECKPOINT seq \d+$/,
    );
  });

  it('excuses the one code that was shown while the terminal was dead', () => {
    const verdict = checkTour(tourWith());

    expect(detailOf(verdict, 'every-genuine-ride-answered')).toContain('1 shown while the terminal was dead');
  });

  it('is not touched by being checked: same files, same bytes', () => {
    const folder = tourWith();
    const before = contents(folder);

    checkTour(folder);

    expect(contents(folder)).toEqual(before);
  });

  it('is read with the rows that still stand in the write-ahead log, which stays as it is', () => {
    const folder = tourWith();
    const path = join(folder, 'terminal/journal.db');
    const writer = new Database(path);
    writer.pragma('wal_autocheckpoint = 0');
    writer.exec("UPDATE journal SET ref = ref || 'x'");
    const crashed = join(folder, 'crashed');
    mkdirSync(crashed);
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, join(crashed, `journal.db${suffix}`));
    writer.close();
    for (const suffix of ['', '-wal']) copyFileSync(join(crashed, `journal.db${suffix}`), path + suffix);
    const before = contents(folder);

    const verdict = checkTour(folder);

    expect(redChecks(verdict)).toEqual(['journal-head-end-equal']);
    expect(contents(folder)).toEqual(before);
  });
});

function contents(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((file) => join(file.parentPath, file.name)).map((path) => [path, readFileSync(path, 'base64')]),
  );
}

const rides = (draft: TourDraft) => draft.rows.filter(isRide);
const firstRide = (draft: TourDraft) => present(rides(draft)[0]);
const rideRow = (rows: TourFiles['journal'], nth: number) => present(rows.filter((row) => row.act === 'ride')[nth]);
const storyLine = (draft: TourDraft, story: string) => present(draft.wallet.find((line) => line.story === story));
const hexBytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the fixture lacks what the test spoils');
  return value;
}

function removeFrom<T>(list: T[], item: T): void {
  list.splice(list.indexOf(item), 1);
}

/** Changes the n-th ride's payload before its row is encoded. */
const withRide = (nth: number, change: object) => (draft: TourDraft) => {
  const row = present(rides(draft)[nth]);
  row.payload = { ...row.payload, ...change };
};

const lostAt = (atUs: number) => ({
  atUs,
  story: 'burst',
  account: accountOf(9),
  digest: digestOf(900),
  genuine: true,
});
const lastBootUs = (draft: TourDraft) => present(draft.rows.findLast((row) => row.type === 'BOOT')).atUs;

/** What looks odd and is right. */
const rightful: readonly (Spoil & { readonly name: string })[] = [
  {
    name: 'a code lost within the second before the kill',
    draft: (draft) => draft.wallet.push(lostAt(present(draft.story.kills[0]).atUs - 999_000)),
  },
  {
    name: 'a code lost within two seconds of the boot',
    draft: (draft) => draft.wallet.push(lostAt(lastBootUs(draft) + 1_999_000)),
  },
  {
    name: 'a code lost in the second of two kills',
    draft: ({ story }) => story.kills.unshift({ atUs: 1, fired: true }),
  },
  {
    name: 'an earlier ride of the account whose phone lingered later',
    draft: withRide(0, { account: hexBytes(accountOf(2)) }),
  },
  {
    name: 'a stale code that was charged while it was fresh',
    draft: (draft) => {
      storyLine(draft, 'stale').digest = storyLine(draft, 'ride').digest;
    },
  },
  {
    name: 'a lamp that comes before its tone, both after the commit',
    draft: ({ board }) => {
      lampBeforeTone(board, 3);
    },
  },
  {
    name: 'the green of a repeat under which the next rider is accepted',
    draft: ({ board, wallet }) => {
      const repeat = lampBeforeTone(board, 3);
      if (repeat.journal) repeat.journal.accepted -= 1;
      present(wallet.find((line) => line.digest === digestOf(51))).atUs = repeat.atUs + 50;
    },
  },
  {
    name: 'a row made in the millisecond in which its step began',
    draft: (draft) => {
      present(draft.story.steps[0]).fromUs = Math.floor(firstRide(draft).atUs / 1_000) * 1_000 + 500;
    },
  },
];

describe('what looks odd and is right', () => {
  it.each(rightful)('$name stays green', ({ draft }) => {
    expect(redChecks(checkTour(tourWith(draft ? { draft } : {})))).toEqual([]);
  });
});

/** Lamp and tone of the n-th cue as two orders; returns the lamp's line. */
function lampBeforeTone(board: TourDraft['board'], nth: number): TourDraft['board'][number] {
  const at = cueLine(board, nth);
  const tone = present(board[at]);
  const lamp = { ...tone, atUs: tone.atUs - 100, rising: ['green'], journal: tone.journal && { ...tone.journal } };
  board.splice(at, 1, lamp, { ...tone, rising: ['buzzer'] });
  return lamp;
}

interface Sabotage extends Spoil {
  readonly name: string;
  readonly red: readonly CheckId[];
}

/** Writes the last row of the journal, which the head end does not have, anew. */
const lastRowWith =
  (change: Partial<Row>) =>
  ({ journal }: TourFiles) => {
    const row = present(journal.at(-1));
    const { body, hash } = encodeRow({ ...decodeRow(row.body), ...change });
    Object.assign(row, { body: Buffer.from(body), hash: Buffer.from(hash) });
  };

const sabotages: readonly Sabotage[] = [
  {
    name: 'a last row that hangs on another row',
    files: lastRowWith({ prev: new Uint8Array(32).fill(3) }),
    red: ['chain-whole'],
  },
  {
    name: 'a last row whose body names another seq',
    files: lastRowWith({ seq: seq(500) }),
    red: ['chain-whole'],
  },
  {
    name: 'a last row one place further on',
    files: (files) => {
      const last = present(files.journal.at(-1));
      last.seq += 1;
      lastRowWith({ seq: seq(last.seq) })(files);
    },
    red: ['chain-whole'],
  },
  {
    name: 'a column that differs from its body',
    files: ({ journal }) => {
      present(journal.at(-1)).day = '2027-01-01';
    },
    red: ['chain-whole'],
  },
  {
    name: 'a second GENESIS in an epoch',
    files: (files) => {
      lastRowWith({ type: 'GENESIS' })(files);
      present(files.journal.at(-1)).type = 'GENESIS';
    },
    red: ['chain-whole', 'journal-head-end-equal'],
  },
  {
    name: 'a ride missing at the very end of what was sent',
    files: ({ headEnd }) => {
      headEnd.pop();
    },
    red: ['journal-head-end-equal'],
  },
  ...(['type', 'act', 'reason', 'ref'] as const).map((column) => ({
    name: `another ${column} in the head end's column`,
    files: ({ headEnd }: TourFiles) => {
      rideRow(headEnd, 0)[column] = 'OTHER';
    },
    red: ['journal-head-end-equal'] as const,
  })),
  {
    name: 'the green of a repeat that nobody compared with the journal',
    draft: ({ board }) => {
      present(board.find((line) => line.rising.join() === 'green')).journal = null;
    },
    red: ['no-green-before-commit'],
  },
  {
    name: 'a mark of signalling on a ride that comes later',
    draft: withRide(2, { signalled: 9 }),
    red: ['signalled-subset-of-committed'],
  },
  {
    name: 'more accepted rows seen durable than are left',
    draft: ({ board }) => {
      const sight = present(board[cueLine(board, 6)]).journal;
      if (sight) sight.accepted = 99;
    },
    red: ['signalled-subset-of-committed'],
  },
  {
    name: 'a code of a new story that is not genuine charged',
    draft: (draft) => {
      draft.wallet.push({ ...storyLine(draft, 'offline'), story: 'clone', genuine: false, digest: digestOf(800) });
      removeFrom(draft.wallet, storyLine(draft, 'offline'));
      withRide(2, { digest: hexBytes(digestOf(800)) })(draft);
    },
    red: ['no-charge-for-nongenuine'],
  },
  {
    name: 'a code unanswered beside a kill that never fired',
    draft: (draft) => {
      present(draft.story.kills[0]).fired = false;
      present(draft.story.steps.at(-1)).expected = { charges: 3, accepted: 2, refused: 0 };
    },
    red: ['every-genuine-ride-answered', 'nothing-empty'],
  },
  {
    name: 'a code unanswered more than a second before the kill',
    draft: (draft) => {
      draft.wallet.push(lostAt(present(draft.story.kills[0]).atUs - 1_000_001));
    },
    red: ['every-genuine-ride-answered'],
  },
  {
    name: 'a code unanswered more than two seconds after the boot',
    draft: (draft) => {
      draft.wallet.push(lostAt(lastBootUs(draft) + 2_000_001));
    },
    red: ['every-genuine-ride-answered'],
  },
  {
    name: 'a row missing at the head end',
    files: ({ headEnd }) => removeFrom(headEnd, rideRow(headEnd, 2)),
    red: ['journal-head-end-equal'],
  },
  {
    name: 'a CHECKPOINT missing at the head end in the middle of the journal',
    draft: ({ rows }) => {
      rows.splice(6, 0, {
        epoch: newEpoch,
        atUs: present(rows[5]).atUs,
        type: 'CHECKPOINT',
        payload: { act: 'checkpoint' },
      });
    },
    files: ({ headEnd, board }) => {
      removeFrom(headEnd, present(headEnd.find((row) => row.type === 'CHECKPOINT')));
      for (const line of board) if (line.journal) line.journal.seq += 1;
    },
    red: ['signalled-subset-of-committed', 'journal-head-end-equal'],
  },
  {
    name: 'a row stored twice under another day',
    files: ({ headEnd }) => headEnd.push({ ...rideRow(headEnd, 1), day: '2026-01-06' }),
    red: ['journal-head-end-equal'],
  },
  {
    name: 'a row stored once, under another day',
    files: ({ headEnd }) => {
      rideRow(headEnd, 1).day = '2026-01-06';
    },
    red: ['journal-head-end-equal'],
  },
  {
    name: 'a row at the head end that the journal does not have',
    files: ({ headEnd }) => headEnd.push({ ...rideRow(headEnd, 0), seq: 900 }),
    red: ['journal-head-end-equal'],
  },
  {
    name: 'a row of another terminal at the head end',
    files: ({ headEnd }) => headEnd.push({ ...rideRow(headEnd, 0), terminal: 'bus-8' }),
    red: ['journal-head-end-equal'],
  },
  {
    name: 'one body byte flipped at the head end',
    files: ({ headEnd }) => flip(rideRow(headEnd, 0).body),
    red: ['journal-head-end-equal'],
  },
  {
    name: 'one body byte flipped in the journal and at the head end alike',
    files: ({ headEnd, journal }) => {
      rideRow(journal, 0).body = flip(rideRow(headEnd, 0).body);
    },
    red: ['chain-whole'],
  },
  {
    name: 'one hash byte flipped in the journal',
    files: ({ journal }) => {
      rideRow(journal, 0).hash = flip(Buffer.from(rideRow(journal, 0).hash));
    },
    red: ['chain-whole', 'journal-head-end-equal'],
  },
  {
    name: 'a refusal deleted on both sides',
    files: ({ headEnd, journal, story }) => {
      for (const rows of [headEnd, journal]) removeFrom(rows, present(rows.find((row) => row.reason === 'STALE_CODE')));
      present(story.steps.find((step) => step.name === 'stale')).expected.refused = 0;
    },
    red: ['chain-whole'],
  },
  {
    name: 'the first row of an epoch deleted on both sides',
    files: ({ headEnd, journal }) => {
      for (const rows of [headEnd, journal]) rows.shift();
    },
    red: ['chain-whole'],
  },
  {
    name: 'a terminal with another name in the story',
    files: ({ story }) => {
      story.terminal = 'bus-9';
    },
    red: ['chain-whole', 'journal-head-end-equal'],
  },
  {
    name: 'green one step before its commit',
    draft: ({ board }) => {
      const sight = present(board[cueLine(board, 3)]).journal;
      if (sight) sight.accepted -= 1;
    },
    red: ['no-green-before-commit'],
  },
  {
    name: 'a lamp before its commit, the tone after it',
    draft: ({ board }) => {
      const { journal } = lampBeforeTone(board, 3);
      if (journal) journal.accepted -= 1;
    },
    red: ['no-green-before-commit'],
  },
  {
    name: 'green that nobody compared with the journal',
    draft: ({ board }) => {
      present(board[cueLine(board, 3)]).journal = null;
    },
    red: ['no-green-before-commit'],
  },
  {
    name: 'a second success tone under a standing green',
    draft: ({ board, story }) => {
      const last = cueLine(board, 6);
      const line = present(board[last]);
      const tone = { atUs: line.atUs + 10, hex: '91', rising: ['buzzer'], falling: [], journal: null };
      const silence = { ...tone, atUs: line.atUs + 5, rising: [], falling: ['buzzer'] };
      board.splice(last + 1, 0, silence, tone, { ...silence, atUs: line.atUs + 15 }, tone, {
        ...silence,
        atUs: line.atUs + 20,
      });
      present(story.steps.at(-1)).expected.accepted = 9;
      for (const later of board.slice(last + 2)) later.atUs = Math.max(later.atUs, line.atUs + 20);
    },
    red: ['signalled-subset-of-committed', 'no-green-before-commit'],
  },
  {
    name: 'a cue that came before its row was decided',
    draft: (draft) => {
      firstRide(draft).atUs += 3_000_000;
      present(draft.story.steps[0]).toUs += 3_000_000;
    },
    red: ['signalled-subset-of-committed'],
  },
  {
    name: 'a mark of signalling on a row that is no accepted ride',
    draft: withRide(2, { signalled: 0 }),
    red: ['signalled-subset-of-committed'],
  },
  {
    name: 'a row seen durable that is no longer in the journal',
    draft: ({ board }) => {
      const sight = present(board[cueLine(board, 6)]).journal;
      if (sight) sight.seq = 77;
    },
    red: ['signalled-subset-of-committed'],
  },
  {
    name: 'a board trace that runs backwards',
    draft: ({ board }) => {
      present(board[4]).atUs = 1;
    },
    red: ['signalled-subset-of-committed'],
  },
  {
    name: 'a code charged twice',
    draft: (draft) => {
      withRide(2, { digest: firstRide(draft).payload.digest })(draft);
      removeFrom(draft.wallet, storyLine(draft, 'offline'));
    },
    red: ['one-charge-per-code'],
  },
  {
    name: 'a charge that names no code',
    draft: (draft) => {
      const row = present(rides(draft)[2]);
      const { digest: _digest, ...rest } = row.payload;
      row.payload = rest;
      removeFrom(draft.wallet, storyLine(draft, 'offline'));
    },
    red: ['one-charge-per-code', 'every-charge-was-shown'],
  },
  {
    name: 'a lingering phone charged for its next code too',
    draft: (draft) => {
      const second = { account: hexBytes(accountOf(2)), digest: hexBytes(digestOf(21)) };
      withRide(2, second)(draft);
      removeFrom(draft.wallet, storyLine(draft, 'offline'));
    },
    red: ['lingering-phone-one-charge'],
  },
  {
    name: 'a lingering phone charged for a code the wallet did not log',
    draft: (draft) => {
      const linger = draft.wallet.filter((line) => line.story === 'linger');
      const copy = { ...present(rides(draft)[1]), atUs: present(linger[2]).atUs };
      copy.payload = { ...copy.payload, digest: hexBytes(digestOf(999)) };
      draft.rows.splice(draft.rows.indexOf(present(rides(draft)[2])), 0, copy);
      present(draft.story.steps.find((step) => step.name === 'linger')).expected.charges = 2;
      shiftMarks(draft);
    },
    red: ['lingering-phone-one-charge', 'every-charge-was-shown'],
  },
  {
    name: 'a lingering phone never charged',
    draft: withRide(1, { account: hexBytes(accountOf(50)), digest: hexBytes(digestOf(500)) }),
    red: ['lingering-phone-one-charge', 'every-charge-was-shown', 'every-genuine-ride-answered'],
  },
  ...(['forged', 'foreign', 'stale', 'denied'] as const).map((story) => ({
    name: `a ${story} code charged`,
    draft: (draft: TourDraft) => {
      withRide(3, { digest: hexBytes(present(storyLine(draft, story).digest ?? undefined)) })(draft);
      removeFrom(draft.wallet, present(draft.wallet.filter((line) => line.story === 'offline')[1]));
    },
    red: ['no-charge-for-nongenuine'] as const,
  })),
  {
    name: 'a code charged that nobody showed',
    draft: (draft) => removeFrom(draft.wallet, storyLine(draft, 'offline')),
    red: ['every-charge-was-shown'],
  },
  {
    name: 'a genuine code without an answer',
    draft: (draft) => draft.wallet.push({ ...storyLine(draft, 'offline'), digest: digestOf(700) }),
    red: ['every-genuine-ride-answered'],
  },
  {
    name: 'a repeat of a rider who was never charged',
    draft: (draft) => {
      const line = storyLine(draft, 'repeat');
      line.digest = digestOf(701);
      line.account = accountOf(701);
    },
    red: ['every-genuine-ride-answered'],
  },
  {
    name: 'evidence that does not verify at the head end',
    files: ({ headEnd }) => {
      rideRow(headEnd, 2).verdict = 'bad';
    },
    red: ['evidence-verdicts'],
  },
  {
    name: 'evidence the head end never verified',
    files: ({ headEnd }) => {
      rideRow(headEnd, 2).verdict = null;
    },
    red: ['evidence-verdicts'],
  },
  {
    name: 'a charge without evidence',
    draft: (draft) => {
      const row = firstRide(draft);
      const { sealed: _sealed, sealKey: _sealKey, ...rest } = row.payload;
      row.payload = rest;
    },
    red: ['evidence-verdicts'],
  },
  ...(['account', 'digest', 'sealed', 'sealKey'] as const).map((field) => ({
    name: `a refusal that carries ${field}`,
    draft: ({ rows }: TourDraft) => {
      const row = present(rows.find(isDecline));
      row.payload = { ...row.payload, [field]: new Uint8Array(32) };
    },
    red: ['refusals-name-nobody'] as const,
  })),
  {
    name: 'a kill after which nothing started again',
    draft: ({ rows }) => {
      const boot = present(rows.findLast((row) => row.type === 'BOOT'));
      boot.type = 'SERVICE';
    },
    red: ['kill-then-boot'],
  },
  {
    name: 'a step that charged less than the story tells',
    draft: ({ story }) => {
      present(story.steps.find((step) => step.name === 'offline')).expected.charges = 20;
    },
    red: ['story-as-told'],
  },
  {
    name: 'a step with a kill that charged more than the story tells',
    draft: ({ story }) => {
      present(story.steps.find((step) => step.name === 'burst')).expected.charges = 2;
    },
    red: ['story-as-told'],
  },
  {
    name: 'a kill that never fired',
    draft: (draft) => {
      present(draft.story.kills[0]).fired = false;
      present(draft.story.steps.at(-1)).expected = { charges: 3, accepted: 2, refused: 0 };
      removeFrom(draft.wallet, present(draft.wallet.find((line) => line.digest === digestOf(62))));
    },
    red: ['nothing-empty'],
  },
  {
    name: 'a broker that was never stopped',
    draft: ({ story }) => {
      story.brokerStops.length = 0;
    },
    red: ['nothing-empty'],
  },
  {
    name: 'an empty board trace',
    draft: ({ board }) => {
      board.length = 0;
    },
    red: ['story-as-told', 'nothing-empty'],
  },
  {
    name: 'a green lamp that never sounds',
    draft: ({ board, story }) => {
      for (const line of board) line.rising = line.rising.filter((pin) => pin !== 'buzzer');
      for (const step of story.steps) step.expected.accepted = 0;
    },
    red: ['nothing-empty'],
  },
  {
    name: 'an empty wallet log',
    draft: ({ wallet }) => {
      wallet.length = 0;
    },
    red: ['every-charge-was-shown', 'nothing-empty'],
  },
  {
    name: 'an empty journal and an empty head end',
    files: ({ journal, headEnd }) => {
      journal.length = 0;
      headEnd.length = 0;
    },
    red: [
      'signalled-subset-of-committed',
      'lingering-phone-one-charge',
      'every-genuine-ride-answered',
      'kill-then-boot',
      'story-as-told',
      'nothing-empty',
    ],
  },
];

function flip(bytes: Buffer): Buffer {
  const last = bytes.length - 40;
  bytes.writeUInt8(bytes.readUInt8(Math.max(0, last)) ^ 1, Math.max(0, last));
  return bytes;
}

/** A ride slipped in as the third moves every later row, and so the marks on them, by one. */
function shiftMarks(draft: TourDraft): void {
  for (const row of rides(draft).slice(4))
    if (row.payload.signalled !== undefined) row.payload = { ...row.payload, signalled: row.payload.signalled + 1 };
}

describe('one thing spoiled', () => {
  it.each(sabotages)('$name', ({ draft, files, red }) => {
    const verdict = checkTour(tourWith({ ...(draft ? { draft } : {}), ...(files ? { files } : {}) }));

    expect([...redChecks(verdict)].sort()).toEqual([...red].sort());
    expect(verdict.ok).toBe(false);
  });

  it('a row stored twice is named with both days', () => {
    const twice = tourWith({
      files: ({ headEnd }) => headEnd.push({ ...rideRow(headEnd, 1), day: '2026-01-06' }),
    });

    expect(detailOf(checkTour(twice), 'journal-head-end-equal')).toContain('2 times: days 2026-01-05, 2026-01-06');
  });

  it('covers every check', () => {
    const reached = new Set<CheckId>([
      ...sabotages.flatMap((sabotage) => sabotage.red),
      'folder-readable',
      'databases-sound',
      'folder-untouched',
    ]);

    expect([...checkIds].filter((id) => !reached.has(id))).toEqual([]);
  });
});

describe('a folder that cannot be read', () => {
  const spoiled: readonly (readonly [name: string, file: string, content: string | null, says: string])[] = [
    ['without a wallet log', 'wallet.ndjson', null, 'wallet.ndjson: no such file'],
    ['without a journal', 'terminal/journal.db', null, 'terminal/journal.db: no such file'],
    [
      'with a journal that is no database',
      'terminal/journal.db',
      'not a database, but long enough to be looked at',
      'file is not a database',
    ],
    ['with a story that is not JSON', 'story.json', '{', 'story.json: not JSON'],
    ['with a story without steps', 'story.json', '{"terminal":"bus-7"}', 'story.json steps: not a list'],
    [
      'with a wallet line of another shape',
      'wallet.ndjson',
      '{"atUs":1,"story":"ride","genuine":"yes"}\n',
      'wallet.ndjson:1 genuine',
    ],
    [
      'with a digest that is not hexadecimal',
      'wallet.ndjson',
      '{"atUs":1,"story":"ride","digest":"xyz","genuine":true}\n',
      'wallet.ndjson:1 digest',
    ],
    ['with a board line cut short', 'board.ndjson', '{"atUs":1,"rising":[]', 'board.ndjson:1: not JSON'],
    ['with a time that is none', 'board.ndjson', '{"atUs":-1,"rising":[],"falling":[]}\n', 'board.ndjson:1 atUs'],
  ];

  it.each(spoiled)('%s is a red verdict that names the fault, not an exception', (_name, file, content, says) => {
    const folder = tourWith();
    const path = join(folder, file);
    rmSync(path);
    if (content !== null) writeFileSync(path, content);

    const verdict = checkTour(folder);

    expect(redChecks(verdict)).toEqual(['folder-readable']);
    expect(detailOf(verdict, 'folder-readable')).toContain(says);
  });

  it('that does not exist is a red verdict', () => {
    expect(redChecks(checkTour('/nonexistent/tour'))).toEqual(['folder-readable']);
  });

  it('with a folder where a file should be is a red verdict', () => {
    const folder = tourWith();
    rmSync(join(folder, 'wallet.ndjson'));
    mkdirSync(join(folder, 'wallet.ndjson'));

    expect(redChecks(checkTour(folder))).toEqual(['folder-readable']);
  });
});

describe('a damaged database', () => {
  it('fails the integrity check where an index lost an entry', () => {
    const folder = tourWith();
    const database = new Database(join(folder, 'headend/headend.db'));
    database.unsafeMode(true);
    database.exec('CREATE INDEX by_ref ON tx(ref)');
    database.pragma('writable_schema = ON');
    database.exec("UPDATE sqlite_schema SET sql = 'CREATE INDEX by_ref ON tx(type)' WHERE name = 'by_ref'");
    database.close();

    const verdict = checkTour(folder);

    expect(redChecks(verdict)).toEqual(['databases-sound']);
    expect(detailOf(verdict, 'databases-sound')).toContain('headend/headend.db');
  });
});

describe('the bounds of a folder', () => {
  it(`a file above ${evidenceLimits.maxFileBytes} bytes is refused`, () => {
    const folder = tourWith();
    truncateSync(join(folder, 'board.ndjson'), evidenceLimits.maxFileBytes + 1);

    expect(detailOf(checkTour(folder), 'folder-readable')).toBe(
      `board.ndjson: larger than ${evidenceLimits.maxFileBytes} bytes`,
    );
  });

  it(`more than ${evidenceLimits.maxLines} lines are refused`, () => {
    const folder = tourWith();
    writeFileSync(join(folder, 'board.ndjson'), '\n'.repeat(evidenceLimits.maxLines + 1));

    expect(detailOf(checkTour(folder), 'folder-readable')).toBe(
      `board.ndjson: more than ${evidenceLimits.maxLines} lines`,
    );
  });

  it(`more than ${evidenceLimits.maxRows} rows are refused`, () => {
    const folder = tourWith();
    const database = new Database(join(folder, 'terminal/journal.db'));
    database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ${evidenceLimits.maxRows + 1})
      INSERT INTO journal SELECT 1, i, x'00', x'00', '', '', '' FROM n`);
    database.close();

    expect(detailOf(checkTour(folder), 'folder-readable')).toBe(
      `terminal/journal.db: more than ${evidenceLimits.maxRows} rows`,
    );
  });
});

describe('a folder that changes while it is being checked', () => {
  const before = new Map([['wallet.ndjson', 'aa']]);

  it.each([
    ['a file with other bytes', new Map([['wallet.ndjson', 'bb']])],
    ['a file that has gone', new Map<string, string>()],
    ['a file that has come', new Map([...before, ['terminal/journal.db-shm', 'cc']])],
  ])('%s turns the verdict red', (_name, after) => {
    expect(checkUntouched(before, after).ok).toBe(false);
    expect(checkUntouched(before, before).ok).toBe(true);
  });
});
