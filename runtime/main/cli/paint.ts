// Colour for people who look at a terminal that has it: never in a pipe, never with NO_COLOR set.
import type { WriteStream } from 'node:tty';

export interface Painter {
  readonly coloured: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  amber(text: string): string;
  /** Light on dark whatever the window's own colours are: a code drawn the other way round is not read by everybody. */
  code(text: string): string;
}

export function painter(
  stream: Partial<Pick<WriteStream, 'isTTY'>>,
  environment: NodeJS.ProcessEnv = process.env,
): Painter {
  const wanted = stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  const style = (open: number | string, close: number | string) => (text: string) =>
    wanted ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    coloured: wanted,
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    amber: style(33, 39),
    code: style('97;40', '39;49'),
  };
}
