// A file that the head end's configuration names, as text.
import { readFileSync } from 'node:fs';
import { messageOf, StileError } from '../../core/errors.ts';

/** @throws StileError FILE_UNREADABLE naming the file. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StileError('FILE_UNREADABLE', `${file}: ${messageOf(cause)}`, {
      remedy: 'Check the path and its permissions.',
      cause,
    });
  }
}
