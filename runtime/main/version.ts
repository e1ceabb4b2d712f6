// The version of this software as it stands in journal rows, births and `--version`.
import { readFileSync } from 'node:fs';

/** From package.json, which lies two folders up in the sources and three up in the build. */
export const softwareVersion: string = readVersion(['../../package.json', '../../../package.json']);

function readVersion(candidates: readonly string[]): string {
  for (const candidate of candidates) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(new URL(candidate, import.meta.url), 'utf8'));
      if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
    } catch {
      // The other candidate is the right one.
    }
  }
  return '0.0.0';
}
