// Numbers on the command line, with the range in the message.
import { StileError } from '../../core/errors.ts';

/** @throws StileError USAGE naming option, value and range. */
export function wholeNumber(option: string, text: string, smallest: number, largest: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= smallest && value <= largest) return value;
  throw new StileError('USAGE', `${option} is ${JSON.stringify(text)}; allowed: ${smallest} to ${largest}`, {
    remedy: `Give ${option} a whole number in that range.`,
  });
}
