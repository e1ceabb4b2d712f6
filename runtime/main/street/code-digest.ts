// D of a code as the wallet's log names it, so that the checker can tell which row belongs to which code.
import { utf8 } from '../../core/bytes.ts';
import { inspectCode } from '../../tokens/inspect.ts';

/** Hexadecimal SHA-256 of the bytes under the outermost signature; null for what is no native code. */
export function digestOf(code: string): string | null {
  if (utf8(code).length > 4_096) return null;
  const inspected = inspectCode(code);
  return inspected.ok ? String(inspected.claims['digest']) : null;
}
