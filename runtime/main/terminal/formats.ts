// The formats a terminal takes, in the order in which they are asked: the native ones first. What is not configured
// is not even loaded.
import type { TokenVerifier } from '../../tokens/verifier.ts';
import { nativeFormats } from '../../tokens/verify.ts';
import type { TerminalConfig } from '../config.ts';

export async function formatsOf({ formats }: Pick<TerminalConfig, 'formats'>): Promise<readonly TokenVerifier[]> {
  const taken: TokenVerifier[] = [...nativeFormats];
  if (formats.pretix) {
    const { pretixSig1 } = await import('../../tokens/pretix/pretix-sig1.ts');
    taken.push(pretixSig1(formats.pretix.items));
  }
  if (formats.jtt1179) {
    const { jtt1179 } = await import('../../tokens/jtt1179/jtt1179.ts');
    taken.push(jtt1179);
  }
  return taken;
}
