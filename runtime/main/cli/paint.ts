// Colour for people who look at a terminal that has it: never in a pipe, never with NO_COLOR set.
import type { WriteStream } from 'node:tty';

export interface Painter {
  readonly coloured: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  amber(text: string): string;
}

export function painter(
  stream: Partial<Pick<WriteStream, 'isTTY'>>,
  environment: NodeJS.ProcessEnv = process.env,
): Painter {
  const wanted = stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  const code = (open: number, close: number) => (text: string) =>
    wanted ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    coloured: wanted,
    bold: code(1, 22),
    dim: code(2, 22),
    red: code(31, 39),
    green: code(32, 39),
    amber: code(33, 39),
  };
}
