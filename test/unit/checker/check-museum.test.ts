// The verdict over a tour with a museum: a good folder is green, and each way of spoiling it turns the checks red that
// are there to see it.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkTour } from '../../../runtime/main/checker/check-tour.ts';
import { type CheckId, checkIds, museumCheckIds, type TourVerdict } from '../../../runtime/main/checker/verdict.ts';
import type { Payload } from '../../../runtime/records/payload.ts';
import {
  type DraftMachine,
  itemHex,
  type MuseumDraft,
  type MuseumSpoil,
  txOf,
  writeMuseumDirectory,
} from '../../fixtures/museum-directory.ts';
import type { DraftRow } from '../../fixtures/tour-directory.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function museumWith(spoil: MuseumSpoil = {}): string {
  const folder = writeMuseumDirectory(spoil);
  folders.push(folder);
  return folder;
}

const redChecks = (verdict: TourVerdict): readonly CheckId[] =>
  verdict.checks.filter((check) => !check.ok).map((check) => check.id);
const detailOf = (verdict: TourVerdict, id: CheckId): string =>
  verdict.checks.find((check) => check.id === id)?.detail ?? '';

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the fixture lacks what the test spoils');
  return value;
}

const machineOf = (museum: MuseumDraft, terminal: string): DraftMachine =>
  present(museum.machines.find((machine) => machine.terminal === terminal));
const rowsOf = (museum: MuseumDraft, terminal: string, type: string, fields: Partial<Payload>): DraftRow[] =>
  machineOf(museum, terminal).rows.filter(
    (row) =>
      row.type === type &&
      Object.entries(fields).every(([name, value]) => row.payload[name as keyof Payload] === value),
  );
const change = (row: DraftRow | undefined, more: Partial<Payload>): void => {
  const found = present(row);
  found.payload = { ...found.payload, ...more };
};
/** The lines in which something was told to move. */
const movingLines = (museum: MuseumDraft, terminal: string) =>
  machineOf(museum, terminal).trace.filter(({ journal }) => journal !== null);

function removeFrom<T>(list: T[], item: T | undefined): void {
  list.splice(list.indexOf(present(item)), 1);
}

describe('a good tour of bus and museum', () => {
  it('is green in every check, and every check looked at something', () => {
    const verdict = checkTour(museumWith());

    expect(redChecks(verdict)).toEqual([]);
    expect(verdict.checks.map(({ id }) => id).sort()).toEqual([...checkIds, ...museumCheckIds].sort());
    expect(verdict.checks.filter(({ count }) => count === 0)).toEqual([]);
  });

  it('counts the journals of all machines', () => {
    const verdict = checkTour(museumWith());

    expect(detailOf(verdict, 'databases-sound')).toContain('6 databases');
    expect(detailOf(verdict, 'journal-head-end-equal')).toContain('lane-1 RECEIPT seq');
    expect(detailOf(verdict, 'motions-are-intents')).toBe('12 motions, 13 INTENTs, 1 cut off by a kill');
  });
});

interface Sabotage extends MuseumSpoil {
  readonly name: string;
  readonly red: readonly CheckId[];
}

const entry = { act: 'admit', direction: 'entry' } as const;
const passed = { ...entry, outcome: 'passed' } as const;

const sabotages: readonly Sabotage[] = [
  {
    name: 'a row of a lane missing at the head end',
    files: ({ headEnd }) =>
      removeFrom(
        headEnd,
        headEnd.find((row) => row.terminal === 'lane-1' && row.act === 'admit'),
      ),
    red: ['journal-head-end-equal'],
  },
  {
    name: 'a row of a cabinet stored twice under another day',
    files: ({ headEnd }) => {
      headEnd.push({ ...present(headEnd.find((row) => row.act === 'dispense')), day: '1999-12-31' });
    },
    red: ['journal-head-end-equal'],
  },
  {
    name: 'one body byte flipped in the journal of a cabinet',
    files: ({ journals }) => {
      const row = present(journals.get('cabinet-1')?.at(-1));
      row.body = Buffer.from(row.body);
      row.body.writeUInt8(row.body.readUInt8(30) ^ 1, 30);
    },
    red: ['chain-whole'],
  },
  {
    name: 'a lane whose journal is empty',
    files: ({ journals, headEnd }) => {
      journals.set('lane-1', []);
      for (const row of headEnd.filter(({ terminal }) => terminal === 'lane-1')) removeFrom(headEnd, row);
    },
    red: [
      'chain-whole',
      'motions-are-intents',
      'passages-are-admissions',
      'museum-kill-then-boot',
      'museum-story-as-told',
    ],
  },
  ...(['lane-1', 'lane-2', 'cabinet-1'] as const).map((terminal) => ({
    name: `a motion of ${terminal} before the commit of its INTENT`,
    draft: (museum: MuseumDraft) => {
      const { journal } = present(movingLines(museum, terminal)[1]);
      if (journal) journal.seq -= 1;
    },
    red: ['no-motion-before-commit'] as const,
  })),
  {
    name: 'a motion that nobody compared with the journal',
    draft: (museum) => {
      present(movingLines(museum, 'lane-1')[0]).journal = null;
    },
    red: ['no-motion-before-commit'],
  },
  {
    name: 'a relay pulsed twice for one INTENT',
    draft: (museum) => {
      const { trace } = machineOf(museum, 'lane-1');
      const first = present(movingLines(museum, 'lane-1')[0]);
      trace.splice(trace.indexOf(first) + 3, 0, { ...first }, { ...first, hex: '910000' });
    },
    red: ['no-second-motion'],
  },
  ...(['lane-2', 'cabinet-1'] as const).map((terminal) => ({
    name: `the bytes of a motion sent twice to ${terminal}`,
    draft: (museum: MuseumDraft) => {
      const { trace } = machineOf(museum, terminal);
      const first = present(movingLines(museum, terminal)[0]);
      trace.splice(trace.indexOf(first), 0, { ...first });
    },
    red: ['no-second-motion'] as const,
  })),
  {
    name: 'a motion before anything was intended',
    draft: (museum) => {
      const { trace } = machineOf(museum, 'cabinet-1');
      trace.unshift({ ...present(trace[0]), atUs: 1 });
    },
    red: ['motions-are-intents'],
  },
  {
    name: 'a motion of a slot that no INTENT names',
    draft: (museum) => {
      present(movingLines(museum, 'cabinet-1')[0]).hex = '020931033f';
    },
    red: ['motions-are-intents'],
  },
  {
    name: 'an INTENT that never moved, and no kill in between',
    draft: ({ story }) => {
      present(story.kills[0]).atUs += 30_000_000;
    },
    red: ['motions-are-intents', 'museum-kill-then-boot'],
  },
  {
    name: 'a transaction that moves again while its first motion is in doubt',
    draft: (museum) => {
      change(rowsOf(museum, 'cabinet-1', 'OUTCOME', { outcome: 'failed' })[0], { outcome: 'in_doubt' });
    },
    red: ['no-second-motion'],
  },
  {
    name: 'an order of the head end carried out by two transactions',
    draft: (museum) => {
      const order = new Uint8Array(16).fill(7);
      for (const row of rowsOf(museum, 'cabinet-1', 'INTENT', { act: 'dispense' }).slice(0, 2)) change(row, { order });
    },
    red: ['no-second-motion'],
  },
  {
    name: 'an INTENT without an OUTCOME',
    draft: (museum) => {
      change(rowsOf(museum, 'cabinet-1', 'OUTCOME', { outcome: 'opened' })[0], { act: 'opening' });
    },
    red: ['every-intent-ended-once'],
  },
  {
    name: 'an INTENT with two OUTCOMEs',
    draft: (museum) => {
      const [row] = rowsOf(museum, 'cabinet-1', 'OUTCOME', { outcome: 'failed' });
      const { rows } = machineOf(museum, 'cabinet-1');
      rows.splice(rows.indexOf(present(row)), 0, present(row));
      shiftPlaces(museum, present(row).atUs);
    },
    red: ['every-intent-ended-once'],
  },
  {
    name: 'an OUTCOME of no INTENT',
    draft: (museum) => {
      const [row] = rowsOf(museum, 'cabinet-1', 'OUTCOME', { outcome: 'opened' });
      change(row, { actId: new Uint8Array(8).fill(9) });
    },
    red: ['every-intent-ended-once'],
  },
  {
    name: 'a ticket used though nobody went in',
    draft: (museum) => {
      present(machineOf(museum, 'lane-1').passages[0]).outcome = 'turnedBack';
    },
    red: ['passages-are-admissions'],
  },
  {
    name: 'a person who went in and was not counted',
    draft: (museum) => {
      change(rowsOf(museum, 'lane-1', 'OUTCOME', passed)[0], { outcome: 'not_passed' });
    },
    red: ['passages-are-admissions', 'museum-story-as-told'],
  },
  {
    name: 'a body without a ticket that nobody reported',
    draft: (museum) => change(rowsOf(museum, 'lane-1', 'SECURITY', { incident: 'tailgate' })[0], { act: 'note' }),
    red: ['passages-are-admissions'],
  },
  {
    name: 'an exit counted that nobody walked',
    draft: (museum) => {
      const { passages } = machineOf(museum, 'lane-1');
      removeFrom(
        passages,
        passages.find(({ direction }) => direction === 'exit'),
      );
    },
    red: ['passages-are-admissions'],
  },
  {
    name: 'a ticket for one used at two lanes',
    draft: (museum) => {
      const { cti } = present(rowsOf(museum, 'lane-1', 'OUTCOME', passed)[0]).payload;
      for (const type of ['INTENT', 'OUTCOME'])
        for (const row of rowsOf(museum, 'lane-2', type, entry).slice(0, 1)) change(row, cti ? { cti } : {});
    },
    red: ['no-ticket-used-twice'],
  },
  {
    name: 'a ticket for two used by three',
    draft: (museum) => {
      for (const row of rowsOf(museum, 'lane-2', 'INTENT', entry)) change(row, { count: 1 });
    },
    red: ['no-ticket-used-twice'],
  },
  {
    name: 'an admission above capacity',
    draft: ({ story }) => {
      story.capacity = 6;
    },
    red: ['capacity-held'],
  },
  {
    name: 'more persons at the barriers than may be inside, where the rows count fewer',
    draft: (museum) => {
      museum.story.capacity = 5;
      // Written as people who left and came in again, which nobody at the barriers did.
      const { rows } = machineOf(museum, 'lane-1');
      const at = rows.findIndex(({ type }) => type === 'SECURITY');
      const { epoch, atUs } = present(rows[at]);
      const left: DraftRow = { epoch, atUs, type: 'OUTCOME', payload: { act: 'exit', outcome: 'passed' } };
      rows.splice(at + 1, 0, left, left);
      for (const { journal } of machineOf(museum, 'lane-1').trace) if (journal && journal.seq > at) journal.seq += 2;
    },
    red: ['capacity-held', 'passages-are-admissions'],
  },
  {
    name: 'an admission in a fire',
    draft: (museum) => {
      const { rows } = machineOf(museum, 'lane-2');
      const fire = rows.findIndex(({ payload }) => payload.incident === 'fire');
      const { epoch, atUs } = present(rows[fire]);
      const actId = new Uint8Array(8).fill(5);
      for (const [type, payload] of [
        ['INTENT', { ...entry, actId }],
        ['OUTCOME', { ...entry, actId, outcome: 'not_passed' }],
      ] as const)
        rows.splice(-2, 0, { epoch, atUs: atUs + 1_000_000, type, payload });
    },
    red: ['motions-are-intents', 'no-redemption-in-fire'],
  },
  {
    name: 'an entry released in a fire, whoever asked for it',
    draft: (museum) => {
      const { trace } = machineOf(museum, 'lane-2');
      const { toUs: atUs } = present(museum.story.fires[0]);
      trace.push({ ...present(movingLines(museum, 'lane-2').at(-1)), atUs });
    },
    red: ['no-second-motion', 'no-redemption-in-fire'],
  },
  {
    name: 'a fire that its lane did not write down',
    draft: (museum) => change(rowsOf(museum, 'lane-2', 'SECURITY', { incident: 'fire' })[0], { incident: 'noise' }),
    red: ['no-redemption-in-fire'],
  },
  {
    name: 'no fire at all',
    draft: ({ story }) => {
      story.fires.length = 0;
    },
    red: ['passages-are-admissions', 'no-redemption-in-fire'],
  },
  {
    name: 'a guide called taken that never left its slot',
    draft: (museum) => {
      const { slots } = machineOf(museum, 'cabinet-1');
      removeFrom(
        slots,
        slots.find(({ event }) => event === 'taken'),
      );
    },
    red: ['taken-at-the-slot'],
  },
  {
    name: 'a guide that left without a row',
    draft: (museum) => {
      const { slots } = machineOf(museum, 'cabinet-1');
      slots.push({ ...present(slots.at(-1)), slot: 8, item: itemHex('A-8') });
    },
    red: ['taken-at-the-slot'],
  },
  {
    name: 'a guide that came back without a row',
    draft: (museum) => {
      const { slots } = machineOf(museum, 'cabinet-1');
      slots.push({ ...present(slots.at(-1)), slot: 8, event: 'returned', item: itemHex('A-8') });
    },
    red: ['taken-at-the-slot'],
  },
  {
    name: 'another guide taken than the row says',
    draft: (museum) => {
      present(machineOf(museum, 'cabinet-1').slots.find(({ event }) => event === 'taken')).item = itemHex('A-9');
    },
    red: ['taken-at-the-slot'],
  },
  {
    name: 'a loan of which no cabinet wrote',
    draft: ({ loans }) => {
      loans.push({ ...present(loans[1]), tx: txOf(77) });
    },
    red: ['loans-are-taken'],
  },
  {
    name: 'a guide taken of which the head end knows no loan',
    draft: ({ loans }) => {
      loans.splice(1, 1);
    },
    red: ['loans-are-taken'],
  },
  {
    name: 'a loan of another guide',
    draft: ({ loans }) => {
      present(loans[1]).item = 'A-9';
    },
    red: ['loans-are-taken'],
  },
  {
    name: 'a charge for a guide that is still out',
    draft: ({ loans }) => {
      present(loans[1]).chargeMinor = 200;
    },
    red: ['no-charge-without-taken'],
  },
  {
    name: 'a deposit kept for no loan',
    draft: ({ captures }) => {
      captures.push({ deposit: txOf(901), loan: null, amountMinor: 1 });
    },
    red: ['no-charge-without-taken'],
  },
  {
    name: 'more of a deposit kept than its loan charges',
    draft: ({ captures }) => {
      present(captures[0]).amountMinor = 201;
    },
    red: ['no-charge-without-taken'],
  },
  {
    name: 'a charge for an order that nobody took',
    draft: ({ loans }) => {
      loans.push({ ...present(loans[0]), tx: txOf(77), returned: null });
    },
    red: ['loans-are-taken', 'no-charge-without-taken'],
  },
  {
    name: 'a return that ended no loan',
    draft: ({ loans }) => {
      Object.assign(present(loans[0]), { state: 'ON_LOAN', returned: null, chargeMinor: null });
    },
    red: ['no-charge-without-taken', 'return-closes-one-loan'],
  },
  {
    name: 'a loan ended by the return of another guide',
    draft: ({ loans }) => {
      Object.assign(present(loans[1]), { state: 'RETURNED', returned: present(loans[0]).returned });
    },
    red: ['return-closes-one-loan'],
  },
  {
    name: 'a guide taken again while it is out',
    draft: (museum) => {
      const { item: _item, ...rest } = present(
        rowsOf(museum, 'cabinet-1', 'DECISION', { act: 'return', item: 'A-1' })[0],
      ).payload;
      present(rowsOf(museum, 'cabinet-1', 'DECISION', { act: 'return', item: 'A-1' })[0]).payload = rest;
      for (const row of machineOf(museum, 'cabinet-1').rows)
        if (row.payload.item === 'A-2') change(row, { item: 'A-1' });
      for (const act of machineOf(museum, 'cabinet-1').slots)
        if (act.item === itemHex('A-2')) act.item = itemHex('A-1');
      present(museum.loans[1]).item = 'A-1';
    },
    red: ['return-closes-one-loan', 'taken-at-the-slot', 'museum-story-as-told'],
  },
  {
    name: 'a machine that ended in good order instead of being killed',
    draft: (museum) => {
      slipInBeforeBoot(museum, 'CHECKPOINT', { act: 'checkpoint', trigger: 'shutdown' });
      const { rows } = machineOf(museum, 'lane-1');
      const boot = rows.findLastIndex(({ type }) => type === 'BOOT');
      present(rows[boot - 1]).atUs = present(museum.story.kills[0]).atUs;
    },
    red: ['museum-kill-then-boot'],
  },
  {
    name: 'a machine that went on writing after its kill',
    draft: (museum) => slipInBeforeBoot(museum, 'SERVICE', { act: 'alive' }),
    red: ['museum-kill-then-boot'],
  },
  {
    name: 'a kill that did not fire',
    draft: ({ story }) => {
      present(story.kills[0]).fired = false;
    },
    red: ['motions-are-intents', 'museum-kill-then-boot'],
  },
  {
    name: 'nobody killed',
    draft: ({ story }) => {
      story.kills.length = 0;
    },
    red: ['motions-are-intents', 'museum-kill-then-boot'],
  },
  ...(['admitted', 'refused', 'dispensed', 'returned'] as const).map((deed) => ({
    name: `a step that ${deed} something else than the story tells`,
    draft: ({ story }: MuseumDraft) => {
      const step = present(story.steps.find(({ expected }) => (expected[deed] ?? 0) > 0));
      step.expected[deed] = 5;
    },
    red: ['museum-story-as-told'] as const,
  })),
  {
    name: 'a museum in which nothing happened',
    draft: (museum) => {
      for (const machine of museum.machines) {
        machine.rows = machine.rows.filter(({ type }) => ['GENESIS', 'BOOT', 'CHECKPOINT', 'RECEIPT'].includes(type));
        machine.trace = [];
        machine.passages = [];
        machine.slots = [];
      }
      museum.loans.length = 0;
      museum.captures.length = 0;
      Object.assign(museum.story, { fires: [], kills: [], steps: [] });
    },
    red: museumCheckIds,
  },
];

/** Right before the boot that follows the kill. */
function slipInBeforeBoot(museum: MuseumDraft, type: DraftRow['type'], payload: Payload): void {
  const { rows, trace } = machineOf(museum, 'lane-1');
  const boot = rows.findLastIndex((row) => row.type === 'BOOT');
  const { epoch, atUs } = present(rows[boot]);
  rows.splice(boot, 0, { epoch, atUs: atUs - 1_000, type, payload });
  for (const { journal } of trace) if (journal && journal.seq >= boot) journal.seq += 1;
}

/** A row slipped in before this time moves the places of those behind it by one. */
function shiftPlaces(museum: MuseumDraft, fromUs: number): void {
  for (const { atUs, journal } of machineOf(museum, 'cabinet-1').trace) if (journal && atUs > fromUs) journal.seq += 1;
  for (const loan of museum.loans)
    for (const place of [loan.taken, loan.returned])
      if (place && present(machineOf(museum, 'cabinet-1').rows[place.seq]).atUs >= fromUs) place.seq += 1;
}

describe('one thing spoiled', () => {
  it.each(sabotages)('$name', ({ draft, files, red }) => {
    const verdict = checkTour(museumWith({ ...(draft && { draft }), ...(files && { files }) }));

    expect([...redChecks(verdict)].sort()).toEqual([...red].sort());
  });

  it('covers every check of the museum', () => {
    const reached = new Set(sabotages.filter(({ red }) => red !== museumCheckIds).flatMap(({ red }) => red));

    expect(museumCheckIds.filter((id) => !reached.has(id))).toEqual([]);
  });
});

describe('a folder that cannot be read', () => {
  const spoiled: readonly (readonly [name: string, file: string, content: string | null, says: string])[] = [
    ['without a trace', 'lane-1.board.ndjson', null, 'lane-1.board.ndjson: no such file'],
    ['without the acts at a cabinet', 'cabinet-1.slots.ndjson', null, 'cabinet-1.slots.ndjson: no such file'],
    ['without a journal', 'lane-2/journal.db', null, 'lane-2/journal.db: no such file'],
    ['without loans', 'headend/loans.db', null, 'headend/loans.db: no such file'],
    ['with a list of machines that is none', 'machines.json', '{}', 'machines.json: not a list'],
    [
      'with a path that leaves it',
      'machines.json',
      '[{"terminal":"x","machine":"cabinet","board":"kerong","journal":"../x","trace":"t"}]',
      'leaves the folder',
    ],
    [
      'with bytes that are none',
      'lane-1.board.ndjson',
      '{"atUs":1,"hex":"9","journal":null}\n',
      'hex: not hexadecimal',
    ],
    [
      'with a passage of another kind',
      'lane-1.passages.ndjson',
      '{"atUs":1,"direction":"entry","outcome":"flew"}\n',
      'none of passed',
    ],
  ];

  it.each(spoiled)('%s is a red verdict that names the fault', (_name, file, content, says) => {
    const folder = museumWith();
    rmSync(join(folder, file));
    if (content !== null) writeFileSync(join(folder, file), content);

    const verdict = checkTour(folder);

    expect(redChecks(verdict)).toEqual(['folder-readable']);
    expect(detailOf(verdict, 'folder-readable')).toContain(says);
  });

  it('is one whose machines are listed and whose story tells nothing of them', () => {
    const folder = museumWith();
    const { museum: _museum, ...story } = JSON.parse(readFileSync(join(folder, 'story.json'), 'utf8'));
    writeFileSync(join(folder, 'story.json'), JSON.stringify(story));

    expect(detailOf(checkTour(folder), 'folder-readable')).toContain('nothing is told of them');
  });

  it('is none without a list of machines, but then their rows at the head end have no journal', () => {
    const folder = museumWith();
    rmSync(join(folder, 'machines.json'));

    expect(redChecks(checkTour(folder))).toEqual(['journal-head-end-equal']);
  });
});
