// Lamps on lines are judged by the pins of their board.
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { LineLamps } from '../../../runtime/main/scenario/line-lamps.ts';

const accepted = [{ cue: 'accepted', reason: 'OK', ref: null }] as const;
const refused = [{ cue: 'refused', reason: 'DENIED', ref: null }] as const;
let lamps: LineLamps | null = null;
afterEach(() => lamps?.end());

async function shown(cue: 'accepted' | 'refused'): Promise<LineLamps> {
  const clock = new VirtualClock();
  lamps = new LineLamps(clock, true);
  const indicator = lamps.begin(clock);
  await lamps.settled();
  expect(indicator.show(cue)).toBe(true);
  await clock.advance(1_000);
  return lamps;
}

describe('lamps on lines', () => {
  it('see the green of somebody who was told that all is well', async () => {
    const seen = await shown('accepted');
    expect(seen.problems(accepted)).toEqual([]);
    expect(seen.problems(refused)).toEqual(['the green lamp was lit for nobody']);
  });

  it('miss the green that nobody lit', async () => {
    const seen = await shown('refused');
    expect(seen.problems(refused)).toEqual([]);
    expect(seen.problems(accepted)).toEqual(['nobody saw the green lamp']);
  });
});
