// A terminal's identity as provisioning left it: who it is, the key that signs its journal, and the
// root keys from which it believes everything else. The file belongs to the terminal's user, mode 0600.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { type OperatorId, operatorId, type TerminalId, terminalId } from '../core/brand.ts';
import { type Bytes, fromHex, hex } from '../core/bytes.ts';
import { messageOf, StileError } from '../core/errors.ts';

const idSchema = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 of A-Z a-z 0-9 _ -');
const keySchema = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits (32 bytes)');
const kidSchema = z.string().regex(/^[0-9a-f]{8}$/, 'must be 8 hexadecimal digits (4 bytes)');

const identitySchema = z.strictObject({
  version: z.literal(1),
  operator: idSchema,
  terminal: idSchema,
  journalKey: z.strictObject({ alg: z.literal('Ed25519'), secret: keySchema, publicKey: keySchema }),
  roots: z.strictObject({
    gen: z.int().min(1),
    need: z.int().min(1).max(4),
    keys: z
      .array(z.strictObject({ kid: kidSchema, publicKey: keySchema }))
      .min(2)
      .max(4),
  }),
});
type IdentityFile = z.infer<typeof identitySchema>;

export interface RootKey {
  readonly kid: Bytes;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Bytes;
}

export interface Identity {
  readonly operator: OperatorId;
  readonly terminal: TerminalId;
  readonly journalKey: JournalKey;
  readonly roots: { readonly gen: number; readonly need: number; readonly keys: readonly RootKey[] };
}

/** Signs checkpoints and batches: Ed25519 (RFC 8032), COSE algorithm -8. Not the TLS key. */
export class JournalKey {
  readonly alg = -8;
  readonly publicKey: Bytes;
  readonly #private: KeyObject;

  constructor(secret: Bytes, publicKey: Bytes) {
    this.publicKey = publicKey;
    this.#private = createPrivateKey({
      key: { kty: 'OKP', crv: 'Ed25519', d: base64url(secret), x: base64url(publicKey) },
      format: 'jwk',
    });
  }

  /** 64 bytes. */
  sign(message: Bytes): Bytes {
    return new Uint8Array(sign(null, message, this.#private));
  }

  /** True when the secret and the public key belong together. */
  consistent(): boolean {
    return createPublicKey(this.#private).export({ format: 'jwk' }).x === base64url(this.publicKey);
  }
}

/** @throws StileError IDENTITY_INVALID naming the key, or FILE_UNREADABLE. */
export function readIdentity(path: string): Identity {
  let text: string;
  try {
    if ((statSync(path).mode & 0o077) !== 0) throw invalid(path, 'is readable by other users');
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof StileError) throw cause;
    throw new StileError('FILE_UNREADABLE', `identity file ${path}: ${messageOf(cause)}`, {
      remedy: 'Provision the terminal, or set "identityFile" to the file that provisioning wrote.',
      cause,
    });
  }
  return identityFrom(path, text);
}

/** Makes the journal key on the device; the secret never leaves the file. Writes `path` with mode 0600. */
export function createIdentity(
  path: string,
  content: { operator: OperatorId; terminal: TerminalId; roots: Identity['roots'] },
): Identity {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const file: IdentityFile = {
    version: 1,
    operator: content.operator,
    terminal: content.terminal,
    journalKey: { alg: 'Ed25519', secret: hexOf(jwk.d), publicKey: hexOf(jwk.x) },
    roots: {
      gen: content.roots.gen,
      need: content.roots.need,
      keys: content.roots.keys.map((key) => ({ kid: hex(key.kid), publicKey: hex(key.publicKey) })),
    },
  };
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  return readIdentity(path);
}

function identityFrom(path: string, text: string): Identity {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `is not JSON: ${messageOf(cause)}`);
  }
  const parsed = identitySchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  const { journalKey, roots } = parsed.data;
  const key = new JournalKey(fromHex(journalKey.secret), fromHex(journalKey.publicKey));
  if (!key.consistent()) throw invalid(path, 'journalKey.publicKey does not belong to journalKey.secret');
  return {
    operator: operatorId(parsed.data.operator),
    terminal: terminalId(parsed.data.terminal),
    journalKey: key,
    roots: {
      gen: roots.gen,
      need: roots.need,
      keys: roots.keys.map((root) => ({ kid: fromHex(root.kid), publicKey: fromHex(root.publicKey) })),
    },
  };
}

const invalid = (path: string, problem: string): StileError =>
  new StileError('IDENTITY_INVALID', `identity file ${path} ${problem}`, {
    remedy: 'Restore the file that provisioning wrote (mode 0600), or provision the terminal again.',
  });

const base64url = (bytes: Bytes): string => Buffer.from(bytes).toString('base64url');
const hexOf = (value: string | undefined): string => Buffer.from(value ?? '', 'base64url').toString('hex');
