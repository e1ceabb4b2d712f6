// What a code says, without trusting it: for people at a command line. Names in place of numbers, bytes
// in hexadecimal.
import { type Bytes, hex, utf8 } from '../core/bytes.ts';
import type { Claims, HolderKey } from './claims.ts';
import { CredentialCache } from './credential-cache.ts';
import { sp1 } from './sp1.ts';
import { st1 } from './st1.ts';

export type Inspected =
  | { readonly ok: true; readonly format: 'st1' | 'sp1'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: string; readonly detail: string };

export function inspectCode(code: string): Inspected {
  const raw = utf8(code);
  if (sp1.probe(raw)) {
    const parsing = sp1.parse(raw, new CredentialCache());
    if (!parsing.ok) return { ok: false, reason: parsing.reason, detail: parsing.detail };
    const { claims, presentation, kid, digest } = parsing.parsed;
    return {
      ok: true,
      format: 'sp1',
      claims: { ...readable(claims), presentation, kid: hex(kid), digest: hex(digest) },
    };
  }
  if (st1.probe(raw)) {
    const parsing = st1.parse(raw, new CredentialCache());
    if (!parsing.ok) return { ok: false, reason: parsing.reason, detail: parsing.detail };
    const { claims, kid, digest } = parsing.parsed;
    return { ok: true, format: 'st1', claims: { ...readable(claims), kid: hex(kid), digest: hex(digest) } };
  }
  return { ok: false, reason: 'UNSUPPORTED_FORMAT', detail: 'no format claims it' };
}

function readable(claims: Claims): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, shown(value)]));
}

function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value as Bytes);
  if (typeof value === 'object' && value !== null && 'curve' in value) {
    const holder = value as HolderKey;
    return { curve: holder.curve, x: hex(holder.x) };
  }
  return value;
}
