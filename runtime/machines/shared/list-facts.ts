// Which signed lists a decision rests on: every machine names them in its rows and weighs how old they are.
import type { UnixSeconds } from '../../core/brand.ts';

export interface ListFacts {
  /** [gen, v] of the trust list in force. */
  readonly trust: readonly [number, number] | null;
  readonly denyVersion: number | null;
  /** When the deny list in force was signed; null before the first one. */
  readonly denyIssuedAt: UnixSeconds | null;
}
