// What the street's text window says of a museum, as a passer-by sees it.
import { describe, expect, it } from 'vitest';
import { painter } from '../../../../runtime/main/cli/paint.ts';
import { renderTextScreen } from '../../../../runtime/main/street/text-screen.ts';
import type { MuseumSnapshot } from '../../../../simulators/street/museum-world.ts';
import { quietCabinet, quietLane, quietMuseum } from '../../../fixtures/street-museum.ts';
import { quietStreet } from '../../../fixtures/street-world.ts';

const museum: MuseumSnapshot = {
  ...quietMuseum,
  lanes: [quietLane('lane-1', 'relay'), { ...quietLane('lane-2', 'relay'), process: 'dead' }],
  cabinets: [quietCabinet('cabinet-1', 'A', 2)],
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
