// A played scenario for people: one line a story, and below it each step that is not as expected. 80 columns; the
// words carry the result with and without colour.
import type { Painter } from '../cli/paint.ts';
import type { Scenario } from './format.ts';
import type { Played, StepVerdict } from './play.ts';

export const scenarioColumns = 80;
const indent = 7;

/** `verbose` shows every step; otherwise only those that failed. Lines end with a line feed. */
export function renderPlayed(
  file: string,
  scenario: Pick<Scenario, 'id' | 'title'>,
  played: Played,
  paint: Painter,
  verbose: boolean,
): string {
  const mark = played.ok ? paint.green('  ok  ') : paint.red(' FAIL ');
  const title = wrap(visible(`${scenario.id} ${scenario.title}`), scenarioColumns - indent);
  const head = title.map((line, at) => (at === 0 ? `${mark} ${line}` : `${' '.repeat(indent)}${line}`));
  const shown = played.steps.filter(({ ok, act }) => !ok || (verbose && act !== 'laws'));
  const where = played.ok ? [] : indented(visible(file)).map((line) => paint.dim(line));
  return `${[...head, ...where, ...shown.flatMap((step) => renderStep(step, paint))].join('\n')}\n`;
}

function renderStep(step: StepVerdict, paint: Painter): readonly string[] {
  const place = step.step === null ? `at the end, ${step.act}` : `step ${step.step}, ${step.act}`;
  const line = `${place}, at ${step.atMs} ms, ${step.machine}`;
  if (step.ok) return indented(`ok: ${line}`).map((text) => paint.dim(text));
  return [...indented(line), ...step.problems.flatMap((problem) => indented(visible(`- ${problem}`)))];
}

const indented = (text: string): readonly string[] =>
  wrap(text, scenarioColumns - indent).map((line) => `${' '.repeat(indent)}${line}`);

/** Text of a file must not steer the screen it is printed on. */
const visible = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?');

/** Breaks at spaces; a word longer than a line is cut. */
function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((whole) => whole.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? [''])) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
