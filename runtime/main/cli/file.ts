// Files that a person names on the command line.
import { readFileSync } from 'node:fs';
import type { Bytes } from '../../core/bytes.ts';
import { messageOf, StileError } from '../../core/errors.ts';

/** @throws StileError FILE_UNREADABLE naming option and path. */
export function readNamedFile(option: string, path: string): Bytes {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw unreadable(option, path, messageOf(cause), cause);
  }
}

/** Parsed JSON. @throws StileError FILE_UNREADABLE. */
export function readNamedJson(option: string, path: string): unknown {
  const text = Buffer.from(readNamedFile(option, path)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(option, path, `is not JSON: ${messageOf(cause)}`, cause);
  }
}

export const unreadable = (option: string, path: string, problem: string, cause?: unknown): StileError =>
  new StileError('FILE_UNREADABLE', `${option} ${path}: ${problem}`, {
    remedy: 'Check the path, that you may read it, and what kind of file it is.',
    cause,
  });
