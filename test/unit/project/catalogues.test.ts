// Support staff look codes up by name: the catalogues hold every code exactly once and none that does not exist.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../../runtime/core/errors.ts';
import { reasonCodes } from '../../../runtime/records/reasons.ts';

/** Cells of each table row whose first cell is a code; the outer pipes are dropped. */
function codeRows(page: string): readonly (readonly string[])[] {
  return readFileSync(join(import.meta.dirname, '../../../docs', page), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(1, -1).split('|'));
}

describe.each([
  { page: 'errors.md', codes: errorCodes as readonly string[], columns: 4 },
  { page: 'reasons.md', codes: reasonCodes as readonly string[], columns: 5 },
])('docs/$page', ({ page, codes, columns }) => {
  const rows = codeRows(page);

  it('has one row for each code, and none for a code that does not exist', () => {
    expect(rows.map(([code]) => code?.trim().replaceAll('`', '')).toSorted()).toEqual([...codes].toSorted());
  });

  it('leaves no cell empty', () => {
    const broken = rows.filter((cells) => cells.length !== columns || cells.some((cell) => cell.trim() === ''));
    expect(broken).toEqual([]);
  });
});

describe('the passenger texts', () => {
  it.each(codeRows('reasons.md'))(
    'of %s fit two lines of the screen',
    (_code, _meaning, english = '', chinese = '') => {
      const variants = (text: string): string[] =>
        text.split(/ \/ |；/).map((variant) => variant.replace(/\(.*\)/, '').trim());
      for (const text of variants(english)) expect(text.length).toBeLessThanOrEqual(40);
      for (const text of variants(chinese)) expect(text.length).toBeLessThanOrEqual(16);
    },
  );
});
