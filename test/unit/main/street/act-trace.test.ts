// What the street writes down of a museum's mechanics: the slots themselves are watched, so that every act of a hand, a
// coil and a door is one line and no look at nothing is one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeRequest } from '../../../../devices/cabinet/protocol/kerong-cu16.ts';
import { hex, utf8 } from '../../../../runtime/core/bytes.ts';
import { VirtualClock } from '../../../../runtime/core/virtual-clock.ts';
import { slotEvents, tracePassages, traceSlots } from '../../../../runtime/main/street/act-trace.ts';
import { SimulatedCabinet } from '../../../../simulators/cabinet/simulated-cabinet.ts';
import { itemNamed, type SlotState } from '../../../../simulators/cabinet/slot.ts';
import { Barrier } from '../../../../simulators/gate/barrier.ts';
import { People } from '../../../../simulators/gate/people.ts';
import { createLine } from '../../../../simulators/line/line.ts';

const slot = (more: Partial<SlotState> = {}): SlotState => ({
  slot: 3,
  locked: true,
  doorOpen: false,
  item: itemNamed('A-1'),
  placement: 'in',
  ...more,
});
const tag = hex(utf8('A-1'));
const empty = { item: null, placement: null } as const;

describe('between two looks at a slot', () => {
  it.each([
    ['nothing moved', {}, {}, []],
    ['its door opened', {}, { doorOpen: true, locked: false }, [['opened', tag]]],
    ['a hand took the guide', { doorOpen: true }, { doorOpen: true, ...empty }, [['taken', tag]]],
    ['the empty slot was shut', { doorOpen: true, ...empty }, empty, [['closed', null]]],
    ['a guide was put in', { doorOpen: true, ...empty }, { doorOpen: true }, [['returned', tag]]],
    ['it charged', {}, { item: itemNamed('A-1', 51) }, []],
  ] as const)('%s', (_what, before, after, expected) => {
    const events = slotEvents([slot(before)], [slot(after)]);
    expect(events).toEqual(expected.map(([event, item]) => ({ slot: 3, event, item })));
  });
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stile-acts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lines = (file: string): readonly unknown[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('the acts of people', () => {
  it('are told as they cross: who follows a visitor closely has tailgated, who turns round has not passed', async () => {
    const clock = new VirtualClock();
    const barrier = new Barrier({ clock });
    const people = new People({ barrier, clock });
    const file = join(folder, 'passages.ndjson');
    let atUs = 0;
    tracePassages(file, people, () => ++atUs);
    expect(lines(file)).toEqual([]);
    const acts = [
      () => people.tailgate('entry', 1),
      () => people.turnBack('entry'),
      () => people.standStill('entry', 500),
      () => people.push('exit'),
    ];
    for (const act of acts) {
      barrier.release('entry');
      const ended = act();
      await clock.advance(8_000);
      await ended;
    }
    expect(lines(file)).toEqual([
      { atUs: 1, direction: 'entry', outcome: 'passed' },
      { atUs: 2, direction: 'entry', outcome: 'tailgated' },
      { atUs: 3, direction: 'entry', outcome: 'turnedBack' },
      { atUs: 4, direction: 'entry', outcome: 'stood' },
      { atUs: 5, direction: 'entry', outcome: 'passed' },
      { atUs: 6, direction: 'exit', outcome: 'passed' },
    ]);
  });
});

describe('a latch that jams', () => {
  it('is told where its bolt stays, and not where a door stood open already', async () => {
    const clock = new VirtualClock();
    const locks = await createLine({ kind: 'socket', folder, name: 'locks', clock });
    const cabinet = new SimulatedCabinet({ slots: 2, lines: { locks }, clock, nowUs: () => 0 });
    cabinet.load(1, itemNamed('A-1'));
    const file = join(folder, 'slots.ndjson');
    traceSlots(file, cabinet, () => 7);
    const pull = (lock: number): void => locks.data.emit(encodeRequest({ kind: 'unlock', board: 0, lock }));
    const jam = cabinet.faults.add({ kind: 'jam', slot: 1 });
    pull(1);
    cabinet.faults.remove(jam);
    for (const lock of [1, 1]) pull(lock);
    cabinet.take(1);
    expect(lines(file)).toEqual(
      [
        ['jammed', tag],
        ['opened', tag],
        ['taken', tag],
        ['closed', null],
      ].map(([event, item]) => ({ atUs: 7, slot: 1, event, item })),
    );
    await cabinet.close();
  });
});
