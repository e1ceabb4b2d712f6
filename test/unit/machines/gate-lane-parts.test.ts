// The gate lane's small parts: the one relation of its times, home lanes, and the words that name a lane or a wait.
import { describe, expect, test } from 'vitest';
import { StileError } from '../../../runtime/core/errors.ts';
import { checkGateLaneConfig, gateLaneDefaults } from '../../../runtime/machines/gate-lane/config.ts';
import { homeLaneOf } from '../../../runtime/machines/gate-lane/home-lane.ts';
import { wordsFor } from '../../../runtime/machines/shared/messages.ts';
import { ctiOf } from '../../scenario/gate-lane.ts';

describe('the configuration of a gate lane', () => {
  test('lets the machine outwait the controller by a second', () => {
    const config = { ...gateLaneDefaults, gate: 'lane-1' };
    expect(() => checkGateLaneConfig(config)).not.toThrow();
    expect(() => checkGateLaneConfig({ ...config, passTimeoutMs: 6_000 })).not.toThrow();
    try {
      checkGateLaneConfig({ ...config, passTimeoutMs: 5_999 });
    } catch (error) {
      expect(error).toBeInstanceOf(StileError);
      expect((error as StileError).code).toBe('CONFIG_INVALID');
      expect((error as StileError).message).toMatch(/passTimeoutMs is 5999, must be 6000 or more/);
      return;
    }
    throw new Error('the configuration was taken');
  });
});

describe('the home lane of a ticket', () => {
  const gates = ['lane-1', 'lane-2', 'lane-3', 'lane-4'].map((id, group) => ({ id, group }));

  test('is the same wherever it is worked out', () => {
    // SHA-256 of the CBOR of the pair begins 5913cd29, worked out by another program: 1,494,469,929 mod 4 is 1.
    expect(homeLaneOf('museum', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), gates)).toBe('lane-2');
    expect(homeLaneOf('museum', ctiOf('x'), [])).toBe(null);
  });

  test('spreads tickets over all lanes', () => {
    const counts = new Map<string, number>();
    for (let n = 0; n < 4_000; n++) {
      const home = homeLaneOf('museum', ctiOf(`ticket ${n}`), gates) ?? '';
      counts.set(home, (counts.get(home) ?? 0) + 1);
    }
    for (const { id } of gates) expect(counts.get(id)).toBeGreaterThan(850);
  });
});

describe('the words at a gate lane', () => {
  test('name the lane to go to and the wait', () => {
    const lane = { place: 'lane-3', waitMinutes: null };
    expect(wordsFor('gateLane', 'WRONG_GATE', null, lane)).toEqual({ en: 'Please use lane-3', zh: '请走lane-3通道' });
    const full = { place: null, waitMinutes: 15 };
    expect(wordsFor('gateLane', 'SITE_FULL', null, full)).toEqual({ en: 'Full, about 15 min', zh: '客满，约15分钟' });
    expect(wordsFor('gateLane', 'SITE_FULL', null).en).toBe('Full, please wait');
    expect(wordsFor('gateLane', 'OK', null, full).en).toBe('Please go in');
  });

  test('leave out a name that the screen cannot hold', () => {
    const lane = { place: 'a'.repeat(32), waitMinutes: null };
    expect(wordsFor('gateLane', 'WRONG_GATE', null, lane)).toEqual(wordsFor('gateLane', 'WRONG_GATE', null));
  });
});
