// The verdict as people read it: within 80 columns, with and without colour, and never a way for text
// from the folder to steer the screen.
import { describe, expect, it } from 'vitest';
import { renderVerdict, verdictColumns } from '../../../runtime/main/checker/render-verdict.ts';
import { judge, verdictOf } from '../../../runtime/main/checker/verdict.ts';

const good = verdictOf([judge('chain-whole', 41, [], '41 rows in 2 epoch(s), every hash recomputed')]);
const bad = verdictOf([
  judge('chain-whole', 41, [], '41 rows'),
  judge(
    'no-green-before-commit',
    9,
    ['board line 7: accept cue 3 with 2 accepted rows durable', 'b', 'c', 'd', 'e'],
    '',
  ),
]);
const escapeCharacter = '\u001b';

describe('renderVerdict', () => {
  it('shows a good tour as one mark, name, count and sentence per check', () => {
    expect(renderVerdict(good, { colour: false }).split('\n')).toEqual([
      `  ok   chain-whole${' '.repeat(60)}41`,
      '       41 rows in 2 epoch(s), every hash recomputed',
      '',
      'The tour is good: 1 checks.',
      '',
    ]);
  });

  it('says how many checks failed, names the first faults and counts the rest', () => {
    const text = renderVerdict(bad, { colour: false });

    expect(text).toContain(' FAIL  no-green-before-commit');
    expect(text).toContain('board line 7: accept cue 3 with 2 accepted rows durable; b; c; and 2 more');
    expect(text).toContain('The tour is NOT good: 1 of 2 checks failed.');
  });

  it('says the same with colour, and has no escape sequence without', () => {
    const coloured = renderVerdict(bad, { colour: true });
    const plain = renderVerdict(bad, { colour: false });

    expect(plain).not.toContain(escapeCharacter);
    expect(coloured).toContain(`${escapeCharacter}[31m FAIL ${escapeCharacter}[0m`);
    expect(uncoloured(coloured)).toBe(plain);
  });

  it('stays within 80 columns, also for one word longer than a line', () => {
    const long = verdictOf([
      judge('journal-head-end-equal', 1_000_000, [`${'x'.repeat(300)} ${'word '.repeat(60)}`], ''),
    ]);
    const widest = Math.max(
      ...renderVerdict(long, { colour: false })
        .split('\n')
        .map((line) => line.length),
    );

    expect(widest).toBe(verdictColumns);
  });

  it('prints control and formatting characters of the folder as question marks', () => {
    const hostile = verdictOf([judge('folder-readable', 0, [`wallet${escapeCharacter}[2J\r\n\u202e.ndjson`], '')]);

    expect(renderVerdict(hostile, { colour: false })).toContain('wallet?[2J???.ndjson');
  });

  it('does not call a verdict without checks good', () => {
    expect(verdictOf([]).ok).toBe(false);
  });
});

const uncoloured = (text: string): string =>
  [0, 2, 31, 32].reduce((rest, code) => rest.replaceAll(`${escapeCharacter}[${code}m`, ''), text);
