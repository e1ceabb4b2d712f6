// The tally of kills cannot pass with a window in which nothing was killed.
import { describe, expect, it } from 'vitest';
import { KillTally, killWindows } from '../../fixtures/kill-tally.ts';

const metAll = (times: number): KillTally => {
  const tally = new KillTally('gate lane');
  for (const window of killWindows) for (let time = 0; time < times; time++) tally.met(window);
  return tally;
};

describe('a tally of kills', () => {
  it('passes when every window was met so often, and says how often', () => {
    const tally = metAll(2);
    expect(() => tally.check(2)).not.toThrow();
    expect(tally.text).toBe('gate lane: INTENT-pulse 2, pulse-sensor 2, sensor-OUTCOME 2, commit-ack 2, ack-cursor 2');
  });

  it.each(killWindows)('fails when %s is empty', (empty) => {
    const tally = metAll(3);
    tally.reset(empty);
    expect(() => tally.check(1)).toThrow(empty);
  });

  it('fails when a window was met too seldom', () => {
    const tally = metAll(2);
    tally.met('commit-ack');
    expect(() => tally.check(3)).toThrow('INTENT-pulse, pulse-sensor, sensor-OUTCOME, ack-cursor');
  });

  it('asks for one kill even where nobody asked for any', () => {
    expect(() => new KillTally('cabinet').check(0)).toThrow('fewer than 1 kills');
  });
});
