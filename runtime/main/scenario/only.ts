// A word that a machine does not know is an error of the file, never something that is silently not done.

/** @throws RangeError naming the key and what the machine knows there. */
export function onlyKnows(machine: string, act: string, given: object, known: readonly string[]): void {
  const stranger = Object.keys(given).find((key) => !known.includes(key));
  if (stranger === undefined) return;
  const there = known.length === 0 ? 'nothing' : known.join(', ');
  throw new RangeError(`key ${act}.${stranger}: ${machine} does not know it; it knows ${there}`);
}
