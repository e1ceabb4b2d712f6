// The verdict for people: one mark and one name per check, what was found below it, within 80 columns.
import type { TourCheck, TourVerdict } from './verdict.ts';

export const verdictColumns = 80;

const indent = '       ';
const countColumns = 8;

/** Lines end with a line feed. Without `colour` there is no escape sequence; the words carry the result either way. */
export function renderVerdict(verdict: TourVerdict, options: { readonly colour: boolean }): string {
  const paint = (code: number, text: string): string => (options.colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const lines = verdict.checks.flatMap((check) => renderCheck(check, paint));
  return `${[...lines, '', summary(verdict, paint)].join('\n')}\n`;
}

type Paint = (code: number, text: string) => string;
const colours = { red: 31, green: 32, dim: 2 } as const;

function renderCheck(check: TourCheck, paint: Paint): readonly string[] {
  const mark = check.ok ? paint(colours.green, '  ok  ') : paint(colours.red, ' FAIL ');
  const name = check.id.padEnd(verdictColumns - indent.length - countColumns);
  const head = `${mark} ${name}${paint(colours.dim, String(check.count).padStart(countColumns))}`;
  const detail = wrap(visible(check.detail), verdictColumns - indent.length).map(
    (line) => indent + (check.ok ? paint(colours.dim, line) : line),
  );
  return [head, ...detail];
}

function summary(verdict: TourVerdict, paint: Paint): string {
  const red = verdict.checks.filter((check) => !check.ok).length;
  if (verdict.ok) return paint(colours.green, `The tour is good: ${verdict.checks.length} checks.`);
  return paint(colours.red, `The tour is NOT good: ${red} of ${verdict.checks.length} checks failed.`);
}

/** Text from the folder must not steer the screen it is printed on. */
const visible = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?');

/** Breaks at spaces; a word longer than a line is cut. */
function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((whole) => pieces(whole, columns))) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

function pieces(word: string, columns: number): readonly string[] {
  if (word.length <= columns) return [word];
  return [word.slice(0, columns), ...pieces(word.slice(columns), columns)];
}
