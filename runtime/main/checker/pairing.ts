// Pairs two accounts of the same events, each in order of time, one to one: what one side has and the other
// has not is what the checks are after.

export interface Paired<A, B> {
  readonly pairs: readonly (readonly [A, B])[];
  readonly lonely: readonly A[];
  /** Of the other side. */
  readonly left: readonly B[];
}

/** Each of `some` takes the first of `others` that fits and that none before it has taken. */
export function pairUp<A, B>(some: readonly A[], others: readonly B[], fits: (a: A, b: B) => boolean): Paired<A, B> {
  const left = [...others];
  const pairs: (readonly [A, B])[] = [];
  const lonely: A[] = [];
  for (const one of some) {
    const at = left.findIndex((other) => fits(one, other));
    const [taken] = at < 0 ? [] : left.splice(at, 1);
    if (taken === undefined) lonely.push(one);
    else pairs.push([one, taken]);
  }
  return { pairs, lonely, left };
}
