// The derived state kept beside the database: it answers what was committed last, or nothing.
import { describe, expect, it } from 'vitest';
import { ProjectionCache, projectionCacheLimits } from '../../../runtime/store/projection-cache.ts';

const key = (number: number): Uint8Array => Uint8Array.of(number >> 8, number & 255);
const value = Uint8Array.of(1, 2, 3);

describe('the projection cache', () => {
  it('answers what was committed last, and nothing for what it does not know', () => {
    const cache = new ProjectionCache();
    expect(cache.get('account', key(1))).toBeNull();
    cache.committed([{ space: 'account', key: key(1), value }]);
    cache.committed([{ space: 'account', key: key(1), value: Uint8Array.of(9) }]);
    expect(cache.get('account', key(1))).toEqual(Uint8Array.of(9));
  });

  it('keeps spaces apart', () => {
    const cache = new ProjectionCache();
    cache.put('account', key(1), value);
    expect(cache.get('use', key(1))).toBeNull();
  });

  it('forgets before a commit is tried, also what it removes', () => {
    const cache = new ProjectionCache();
    cache.put('account', key(1), value);
    cache.forget([{ space: 'account', key: key(1), value: null }]);
    cache.committed([{ space: 'account', key: key(1), value: null }]);
    expect(cache.get('account', key(1))).toBeNull();
  });

  it('shares no memory with those who ask or tell', () => {
    const cache = new ProjectionCache();
    const told = Buffer.from([1, 2, 3]);
    cache.put('account', key(1), told);
    told.fill(0);
    cache.get('account', key(1))?.fill(0);
    expect(cache.get('account', key(1))).toEqual(value);
  });

  it('is bounded: the least recently used makes room, and a large value is not kept', () => {
    const cache = new ProjectionCache();
    for (let number = 0; number < projectionCacheLimits.entries; number++) cache.put('account', key(number), value);
    cache.get('account', key(0));
    cache.put('account', key(60_000), value);
    expect(cache.size).toBe(projectionCacheLimits.entries);
    expect(cache.get('account', key(0))).not.toBeNull();
    expect(cache.get('account', key(1))).toBeNull();
    cache.put('account', key(0), new Uint8Array(projectionCacheLimits.valueBytes + 1));
    expect(cache.get('account', key(0))).toBeNull();
  });
});
