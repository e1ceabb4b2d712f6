// What a fuzzer does to bytes: a few changes at seeded places, so that a failure can be run again.
import fc from 'fast-check';

type Change = (bytes: Uint8Array) => Uint8Array;

const place = fc.nat(0xffff_ffff);
const byte = fc.nat(255);
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(place, byte).map(([at, value]): Change => replace(at, () => value)) },
  {
    weight: 4,
    arbitrary: fc.tuple(place, fc.nat(7)).map(([at, bit]): Change => replace(at, (old) => old ^ (1 << bit))),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(place, byte).map(
      ([at, value]): Change =>
        (bytes) =>
          splice(bytes, at, 0, [value]),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(place, fc.integer({ min: 1, max: 4 })).map(
      ([at, n]): Change =>
        (bytes) =>
          splice(bytes, at, n),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(place, place, fc.integer({ min: 1, max: 16 }))
      .map(([from, to, n]): Change => copy(from, to, n)),
  },
  {
    weight: 1,
    arbitrary: place.map(
      (at): Change =>
        (bytes) =>
          bytes.slice(0, at % (bytes.length + 1)),
    ),
  },
);

/** One of `seeds`, changed in one to four ways. `seed` is the one it came from. */
export const mutationsOf = <T>(
  seeds: readonly T[],
  bytesOf: (seed: T) => Uint8Array,
): fc.Arbitrary<{ readonly seed: T; readonly bytes: Uint8Array }> =>
  fc.tuple(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 4 })).map(([seed, changes]) => ({
    seed,
    bytes: changes.reduce((bytes, apply) => apply(bytes), bytesOf(seed)),
  }));

function replace(at: number, next: (old: number) => number): Change {
  return (bytes) => (bytes.length === 0 ? bytes : bytes.with(at % bytes.length, next(bytes[at % bytes.length] ?? 0)));
}

function splice(bytes: Uint8Array, at: number, remove: number, insert: readonly number[] = []): Uint8Array {
  const start = at % (bytes.length + 1);
  return Uint8Array.from([...bytes.subarray(0, start), ...insert, ...bytes.subarray(start + remove)]);
}

function copy(from: number, to: number, length: number): Change {
  return (bytes) => {
    const start = from % (bytes.length + 1);
    return splice(bytes, to, 0, [...bytes.subarray(start, start + length)]);
  };
}
