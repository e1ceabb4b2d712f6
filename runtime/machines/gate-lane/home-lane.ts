// Which gate lane of a site keeps the claims of a ticket: every lane works it out alone and comes to the same.
import { createHash } from 'node:crypto';
import type { Bytes } from '../../core/bytes.ts';
import type { AccessGate } from '../../rules/access-rules.ts';
import { useKey } from '../shared/use-ledger.ts';

/** SHA-256(canonical CBOR of [issuer, token id]), first 4 bytes big-endian, mod number of gates. */
export function homeLaneOf(issuer: string, cti: Bytes, gates: readonly AccessGate[]): string | null {
  const hash = createHash('sha256').update(useKey(issuer, cti)).digest().readUInt32BE(0);
  return gates[hash % gates.length]?.id ?? null;
}
