// What the street's text window says of a museum, as a passer-by sees it.
import { describe, expect, it } from 'vitest';
import { painter } from '../../../../runtime/main/cli/paint.ts';
import { renderTextScreen } from '../../../../runtime/main/street/text-screen.ts';
import { itemNamed } from '../../../../simulators/cabinet/slot.ts';
import type { CabinetSnapshot, LaneSnapshot, MuseumSnapshot } from '../../../../simulators/street/museum-world.ts';
import { quietStreet } from '../../../fixtures/street-world.ts';

const machine = {
  process: 'running',
  pid: 1,
  lamp: { green: false, red: false, amber: false, white: false },
  beeps: 0,
  reader: { plugged: true, path: '/dev/pts/8' },
  answer: null,
} as const;
const lane = (id: string, more: Partial<LaneSnapshot> = {}): LaneSnapshot => ({
  ...machine,
  id,
  kind: 'relay',
  people: [],
  barrier: {
    phase: 'locked',
    released: null,
    wings: { left: 0, right: 0 },
    outputs: { passageEntry: false, passageExit: false, ready: true, opened: false, occupied: false },
    powered: true,
    fire: false,
  },
  ...more,
});
const cabinet: CabinetSnapshot = {
  ...machine,
  id: 'cabinet-1',
  place: 'hall-a',
  code: null,
  prompt: null,
  slots: [1, 2, 3].map((slot) => ({
    slot,
    locked: true,
    doorOpen: false,
    item: slot === 2 ? null : itemNamed(`A-${slot}`),
    placement: slot === 2 ? null : 'in',
  })),
};
const museum: MuseumSnapshot = {
  capacity: 8,
  lanes: [lane('lane-1'), lane('lane-2', { process: 'dead' })],
  cabinets: [cabinet],
  carried: [],
};

const screen = (of: MuseumSnapshot | null): readonly string[] =>
  renderTextScreen({ ...quietStreet, museum: of }, ['x'], { columns: 120, rows: 40 }, painter({ isTTY: false }), '');

describe('the text window of a street', () => {
  it('names barriers and guides, and a process that does not run', () => {
    expect(screen(museum)).toContain('museum: lane-1 locked · lane-2 dead · cabinet-1 2 guides');
  });

  it('says nothing of a museum that is not there', () => {
    expect(screen(null).join('\n')).not.toContain('museum');
  });
});
