// What a code says, without trusting it: for people at a command line. Names in place of numbers, bytes
// in hexadecimal.
import { type Bytes, hex, utf8 } from '../core/bytes.ts';
import type { Claims, HolderKey } from './claims.ts';
import { CredentialCache } from './credential-cache.ts';
import type { HolderSignedParsed } from './holder-signed.ts';
import { sb1 } from './sb1.ts';
import { sp1 } from './sp1.ts';
import { type ParsedSt1, st1 } from './st1.ts';
import { rolesOf } from './staff-roles.ts';
import type { Refused } from './verifier.ts';

export type Inspected =
  | { readonly ok: true; readonly format: 'st1' | 'sp1' | 'sb1'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: string; readonly detail: string };

export function inspectCode(code: string): Inspected {
  const raw = utf8(code);
  const presented = [sp1, sb1].find((format) => format.probe(raw));
  if (presented) {
    const unwrapped = presented.unwrap(raw);
    const parsing = unwrapped.ok ? presented.parse(unwrapped.evidence, new CredentialCache()) : unwrapped;
    if (!parsing.ok) return unreadable(parsing);
    const { format, claims, presentation } = parsing.parsed;
    return { ok: true, format, claims: { ...readable(claims), presentation, ...names(parsing.parsed) } };
  }
  if (st1.probe(raw)) {
    const unwrapped = st1.unwrap(raw);
    const parsing = unwrapped.ok ? st1.parse(unwrapped.evidence, new CredentialCache()) : unwrapped;
    if (!parsing.ok) return unreadable(parsing);
    return { ok: true, format: 'st1', claims: { ...readable(parsing.parsed.claims), ...names(parsing.parsed) } };
  }
  return { ok: false, reason: 'UNSUPPORTED_FORMAT', detail: 'no format claims it' };
}

const unreadable = ({ reason, detail }: Refused): Inspected => ({ ok: false, reason, detail });

const names = ({ cose, digest }: HolderSignedParsed | ParsedSt1) => ({ kid: hex(cose.kid), digest: hex(digest) });

function readable(claims: Claims): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [name, name === 'roles' ? rolesOf(value as number) : shown(value)]),
  );
}

function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value as Bytes);
  if (typeof value === 'object' && value !== null && 'curve' in value) {
    const holder = value as HolderKey;
    return { curve: holder.curve, x: hex(holder.x) };
  }
  return value;
}
