// The code on a cabinet's screen: an address that a phone's camera opens, with a nonce of this machine, its end and
// the machine's signature. It proves that somebody stands before the screen now; it names nobody and opens nothing.
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type UnixSeconds, unixSeconds } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import { algorithms, signatureHolds } from '../../runtime/tokens/keys.ts';
import { idText } from './fields.ts';
import { type Parsed, parseValue } from './parsed.ts';

export const cabinetCodeLimits = {
  nonceBytes: 16,
  /** Longest life a code may claim, seconds; a screen shows a new one long before. */
  lifeSeconds: 150,
  /** Of the address of the page, without what is added. */
  baseCharacters: 128,
} as const;

export interface CabinetCode {
  readonly terminal: string;
  /** 16 bytes, made by the terminal. */
  readonly nonce: Bytes;
  /** First second at which it is no longer taken, by the terminal's clock. */
  readonly expires: UnixSeconds;
  /** The terminal's clock was UNTRUSTED: its end says nothing, and the nonce's age is the terminal's to judge. */
  readonly untimed: boolean;
}

export interface SignedCabinetCode extends CabinetCode {
  /** Ed25519, 64 bytes, by the terminal's journal key. */
  readonly signature: Bytes;
}

/** Names of the address's parameters: one letter each, because every character makes the picture finer. */
const schema = z.object({
  t: idText,
  n: z.string().regex(/^[A-Za-z0-9_-]{21}[AQgw]$/),
  e: z.string().regex(/^(0|[1-9][0-9]{0,9})$/),
  u: z.literal('1').optional(),
  s: z.string().regex(/^[A-Za-z0-9_-]{85}[AQgw]$/),
});

/**
 * `base`: https address of the page, or http on loopback, without query. `sign`: by the journal key.
 * @throws RangeError for a base that is no such address, or a nonce that is not 16 bytes.
 */
export function cabinetCodeAddress(
  base: string,
  operator: string,
  code: CabinetCode,
  sign: (message: Bytes) => Bytes,
): string {
  if (base.length > cabinetCodeLimits.baseCharacters || !/^https?:\/\/[^?#\s]+$/.test(base))
    throw new RangeError(`${JSON.stringify(base)} is not the address of a page`);
  if (code.nonce.length !== cabinetCodeLimits.nonceBytes) throw new RangeError('a nonce has 16 bytes');
  const untimed = code.untimed ? '&u=1' : '';
  const signature = base64url(sign(signedPart(operator, code)));
  return `${base}?t=${code.terminal}&n=${base64url(code.nonce)}&e=${code.expires}${untimed}&s=${signature}`;
}

/** The parameters of an address, whatever they are; unknown ones are ignored, doubled ones refused. */
export function parseCabinetCode(parameters: unknown): Parsed<SignedCabinetCode> {
  const parsed = parseValue(parameters, schema);
  if (!parsed.ok) return parsed;
  const { t, n, e, u, s } = parsed.value;
  const expires = Number(e);
  if (expires > 0xffff_ffff) return { ok: false, problem: 'e: beyond the last second' };
  return {
    ok: true,
    value: {
      terminal: t,
      nonce: new Uint8Array(Buffer.from(n, 'base64url')),
      expires: unixSeconds(expires),
      untimed: u === '1',
      signature: new Uint8Array(Buffer.from(s, 'base64url')),
    },
  };
}

export const cabinetCodeAuthentic = (operator: string, code: SignedCabinetCode, key: KeyObject): boolean =>
  signatureHolds(algorithms.EdDSA, key, signedPart(operator, code), code.signature);

/** What the journal key signs: its own domain, so that no row or batch can be taken for a code. */
const signedPart = (operator: string, { terminal, nonce, expires, untimed }: CabinetCode): Bytes =>
  encodeCbor(['stile-cabinet-code-1', operator, terminal, nonce, expires, untimed]);

const base64url = (bytes: Bytes): string => Buffer.from(bytes).toString('base64url');
