// Sets of seqs as sorted ranges: what is stored, what is on its way, what is missing. Both ends count
// with them, so that a hole means the same on both sides.

/** First and last seq, both included. */
export type Range = readonly [first: number, last: number];

/** Sorted, disjoint and never adjacent. A value: every operation returns a new set. */
export class Ranges {
  static readonly empty = new Ranges([]);
  readonly list: readonly Range[];

  private constructor(list: readonly Range[]) {
    this.list = list;
  }

  static of(...ranges: readonly Range[]): Ranges {
    let set = Ranges.empty;
    for (const range of ranges) set = set.add(range);
    return set;
  }

  add([first, last]: Range): Ranges {
    if (last < first) return this;
    const before = this.list.filter((range) => range[1] < first - 1);
    const after = this.list.filter((range) => range[0] > last + 1);
    const touching = this.list.slice(before.length, this.list.length - after.length);
    const merged: Range = [
      Math.min(first, touching[0]?.[0] ?? first),
      Math.max(last, touching[touching.length - 1]?.[1] ?? last),
    ];
    return new Ranges([...before, merged, ...after]);
  }

  remove([first, last]: Range): Ranges {
    return new Ranges(
      this.list.flatMap((range): readonly Range[] => {
        if (range[1] < first || range[0] > last) return [range];
        const left: Range = [range[0], first - 1];
        const right: Range = [last + 1, range[1]];
        return [left, right].filter(([a, b]) => a <= b);
      }),
    );
  }

  union(other: Ranges): Ranges {
    return other.list.reduce<Ranges>((set, range) => set.add(range), this);
  }

  has(seq: number): boolean {
    return this.list.some(([first, last]) => first <= seq && seq <= last);
  }

  covers([first, last]: Range): boolean {
    return last < first || this.list.some((range) => range[0] <= first && last <= range[1]);
  }

  /** The seqs of [first, last] that are not in the set. */
  missing([first, last]: Range): readonly Range[] {
    let rest = last < first ? Ranges.empty : new Ranges([[first, last]]);
    for (const range of this.list) rest = rest.remove(range);
    return rest.list;
  }

  /** Highest seq with nothing missing from 0 on; -1 where 0 itself is missing. */
  unbroken(): number {
    const first = this.list[0];
    return first && first[0] === 0 ? first[1] : -1;
  }

  /** The ranges that lie beyond the first hole. */
  beyond(): readonly Range[] {
    return this.unbroken() >= 0 ? this.list.slice(1) : this.list;
  }

  get size(): number {
    return this.list.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }
}
