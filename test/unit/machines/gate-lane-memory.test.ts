// The projection a start reads instead of all rows says what the rows say, and nothing else is taken for it.
import { describe, expect, test } from 'vitest';
import { StileError } from '../../../runtime/core/errors.ts';
import { decodeLaneMemory, encodeLaneMemory, remember } from '../../../runtime/machines/gate-lane/memory.ts';
import { nothingReplayed, replay } from '../../../runtime/machines/gate-lane/replay.ts';
import { Museum } from '../../scenario/gate-lane.ts';

/** Stories after which the rows have something of everything to say. */
const stories: readonly (readonly [string, (museum: Museum) => void])[] = [
  ['nothing', () => {}],
  [
    'a pulse under way',
    (museum) => {
      museum.lane().show({ id: 'A' });
    },
  ],
  [
    'a person inside',
    (museum) => {
      museum.lane().show({ id: 'A' });
      museum.lane().walk();
    },
  ],
  [
    'a fire',
    (museum) => {
      museum.lane().show({ id: 'A' });
      museum.lane().burn(true);
    },
  ],
];

describe('the memory of a lane', () => {
  test.each(stories)('after %s is the fold of its rows, before and after its bytes', (name, tell) => {
    const museum = new Museum(`memory ${name}`);
    tell(museum);
    const { rows } = museum.lane();
    const { uses: _uses, ...replayed } = replay(rows);
    const memory = remember(nothingReplayed, rows);
    expect(memory).toEqual(replayed);
    expect(decodeLaneMemory(encodeLaneMemory(memory))).toEqual(memory);
  });

  test('keeps what every field may hold', () => {
    const id = new Uint8Array(8).fill(3);
    const tx = new Uint8Array(16).fill(4);
    const ticket = { issuer: 'museum', cti: id, product: null, uses: 3, validUntil: 1_800_000_000 as never };
    const act = { tx, actId: id, txSeq: 2, ticket, rest: 2, lease: id, unclaimed: true, staff: id, cause: 'school' };
    const memory = {
      occupancy: 12,
      lease: { id, left: 4, expiresAt: 1_800_000_000 as never },
      entry: { ...act, direction: 'entry' as const },
      exit: { ...act, direction: 'exit' as const, ticket: null, lease: null, staff: null, cause: null },
      stopped: true,
      emergency: true,
      settled: ['0303030303030303'],
      commands: ['04040404'],
    };
    expect(decodeLaneMemory(encodeLaneMemory(memory))).toEqual(memory);
  });

  test('is refused where its bytes are others', () => {
    const good = encodeLaneMemory(nothingReplayed);
    for (const bytes of [
      new Uint8Array(0),
      good.subarray(0, -1),
      Uint8Array.of(0x80),
      Uint8Array.of(0x88, ...Array(8).fill(0xf6)),
    ])
      expect(() => decodeLaneMemory(bytes)).toThrow(StileError);
  });
});
