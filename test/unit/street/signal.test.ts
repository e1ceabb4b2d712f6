// What the page says of lamp and buzzer, from pins alone.
import { describe, expect, it } from 'vitest';
import {
  type Board,
  followBoard,
  type Lamp,
  type Sign,
  type SignalTrack,
  STEADY_RED_MS,
  signOf,
  TONE_GROUP_MS,
} from '../../../simulators/street/web/signal.ts';

const board = (lit: readonly Lamp[], beeps = 0, connected = true): Board => ({
  connected,
  lamp: {
    green: lit.includes('green'),
    red: lit.includes('red'),
    amber: lit.includes('amber'),
    white: lit.includes('white'),
  },
  buzzer: false,
  beeps,
  changedAtMs: 0,
});

/** Follows boards seen at the given times, the first one at 0. */
function watch(...seen: readonly (readonly [atMs: number, board: Board])[]): SignalTrack {
  let track: SignalTrack | null = null;
  for (const [atMs, next] of seen) track = followBoard(track, next, atMs);
  if (!track) throw new Error('nothing was seen');
  return track;
}

describe('the sign of a lamp', () => {
  const table: readonly (readonly [lit: readonly Lamp[], tones: number, sign: Sign])[] = [
    [[], 0, 'ready'],
    [['green'], 1, 'welcome'],
    [['green'], 0, 'already'],
    [['red'], 3, 'refused'],
    [['red', 'amber'], 3, 'staff'],
    [['amber'], 0, 'staff'],
    [['white'], 0, 'wait'],
    [['green', 'red'], 1, 'unclear'],
    [['white', 'red'], 1, 'unclear'],
  ];
  for (const [lit, tones, sign] of table) {
    it(`${lit.join(' and ') || 'no lamp'} with ${tones} tones is ${sign}`, () => {
      expect(signOf(watch([0, board(['white'], 7)], [10, board([], 7)], [20, board(lit, tones + 7)]), 30)).toBe(sign);
    });
  }

  it('is offline where the board is not connected, whatever its last levels were', () => {
    expect(signOf(watch([0, board(['green'], 1, false)]), 10)).toBe('offline');
  });

  it('red that stands in silence is out of service, red with its tones stays a refusal', () => {
    const silent = watch([0, board([])], [10, board(['red'])]);
    const sounded = watch([0, board([])], [10, board(['red'], 3)]);
    expect(signOf(silent, 10 + STEADY_RED_MS)).toBe('refused');
    expect(signOf(silent, 11 + STEADY_RED_MS)).toBe('outOfService');
    expect(signOf(sounded, 11 + STEADY_RED_MS)).toBe('refused');
  });
});

describe('tones', () => {
  it('that come in several snapshots of one refusal add up', () => {
    const track = watch([0, board([])], [10, board(['red'], 1)], [170, board(['red'], 2)], [330, board(['red'], 3)]);
    expect(track.tones).toBe(3);
    expect(track.last).toEqual({ sign: 'refused', tones: 3 });
  });

  it('of a second acceptance under a standing green are counted anew', () => {
    const second = 20 + TONE_GROUP_MS;
    const track = watch([0, board([])], [10, board(['green'], 1)], [second, board(['green'], 2)]);
    expect(track.tones).toBe(1);
  });

  it('a green that is first silent and then sounds was one welcome', () => {
    const track = watch([0, board([])], [10, board(['green'])], [60, board(['green'], 1)]);
    expect(signOf(track, 60)).toBe('welcome');
    expect(track.last).toEqual({ sign: 'welcome', tones: 1 });
  });

  it('before this page was opened are not claimed to be known', () => {
    const track = watch([0, board(['green'], 9)]);
    expect(signOf(track, 10)).toBe('welcome');
    expect(track.last).toEqual({ sign: 'welcome', tones: null });
  });

  it('of a board that was started anew and counts from zero are no negative tones', () => {
    expect(watch([0, board(['red'], 9)], [10, board(['red'], 0)]).tones).toBeNull();
  });
});

it('the last result stays after the lamp went dark', () => {
  const track = watch([0, board([])], [10, board(['red'], 3)], [4010, board([], 3)]);
  expect(signOf(track, 4010)).toBe('ready');
  expect(track.last).toEqual({ sign: 'refused', tones: 3 });
});
