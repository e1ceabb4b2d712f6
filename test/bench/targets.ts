// A figure beside what it must reach (limit) and what would be good (aim), as a line for people.

export interface Target {
  readonly limit: number;
  readonly aim?: number;
}

export function judged(
  figures: Readonly<Record<string, number>>,
  targets: Readonly<Record<string, Target>>,
  unit: string,
): readonly string[] {
  return Object.entries(targets).map(([name, { limit, aim }]) => {
    const figure = figures[name] ?? Number.NaN;
    const word = !(figure <= limit)
      ? 'MISSED'
      : aim !== undefined && figure > aim
        ? 'within target, aim missed'
        : 'reached';
    const wanted = `target ${limit}${aim === undefined ? '' : `, aim ${aim}`}`;
    return `${name.padEnd(18)}${`${figure} ${unit}`.padEnd(14)}${wanted.padEnd(24)}${word}`;
  });
}
