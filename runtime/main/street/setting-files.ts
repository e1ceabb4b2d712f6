// Files of the street's setting.
import { writeFileSync } from 'node:fs';

/** Returns the file's name. */
export function writeJson(file: string, content: unknown, mode = 0o644): string {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode });
  return file;
}

/** Readable by its owner alone. */
export const writeSecret = (file: string, text: string): void => writeFileSync(file, text, { mode: 0o600 });
