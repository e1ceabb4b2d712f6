// Token bytes kept for settlement are sealed to the head end's key, so that a stolen terminal gives
// none away. One X25519 agreement per boot and hour; each record then costs a few microseconds.
import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { type Bytes, concat, utf8 } from '../core/bytes.ts';

const info = utf8('stile-evidence-1');
const tagLength = 16;

/** Seals under one ephemeral key. Make a new one per boot and per hour: (epoch, seq) must not repeat under a key. */
export class EvidenceSealer {
  /** The ephemeral X25519 public key, 32 bytes: stands in the row beside the sealed bytes. */
  readonly publicKey: Bytes;
  readonly #key: Bytes;
  #prepared: { readonly epoch: number; readonly seq: number; readonly cipher: CipherGCM } | null = null;

  constructor(recipient: Bytes) {
    const pair = generateKeyPairSync('x25519');
    this.publicKey = rawPublicKey(pair.publicKey);
    this.#key = agree(pair.privateKey, x25519PublicKey(recipient), this.publicKey, recipient);
  }

  /** AES-256-GCM with nonce = epoch u64 || seq u32, big-endian; the tag is appended. */
  seal(epoch: number, seq: number, plaintext: Bytes): Bytes {
    const cipher = this.#cipherOf(epoch, seq);
    return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
  }

  /** Makes the cipher of a place ahead of its row: the larger part of the cost, taken while nobody waits. */
  prepare(epoch: number, seq: number): void {
    this.#prepared = { epoch, seq, cipher: createCipheriv('aes-256-gcm', this.#key, nonceOf(epoch, seq)) };
  }

  /** A prepared cipher is for one place and one use. */
  #cipherOf(epoch: number, seq: number): CipherGCM {
    const prepared = this.#prepared;
    this.#prepared = null;
    return prepared?.epoch === epoch && prepared.seq === seq
      ? prepared.cipher
      : createCipheriv('aes-256-gcm', this.#key, nonceOf(epoch, seq));
  }
}

export type OpenedEvidence = { readonly ok: true; readonly plaintext: Bytes } | { readonly ok: false };

/** Opens what {@link EvidenceSealer} sealed. Answers `ok: false` for bytes that do not authenticate. */
export function openEvidence(
  recipientPrivate: KeyObject,
  ephemeral: Bytes,
  epoch: number,
  seq: number,
  sealed: Bytes,
): OpenedEvidence {
  if (ephemeral.length !== 32 || sealed.length < tagLength) return { ok: false };
  try {
    const recipient = rawPublicKey(createPublicKey(recipientPrivate));
    const key = agree(recipientPrivate, x25519PublicKey(ephemeral), ephemeral, recipient);
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(epoch, seq));
    decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
    const body = decipher.update(sealed.subarray(0, sealed.length - tagLength));
    return { ok: true, plaintext: concat(body, decipher.final()) };
  } catch {
    return { ok: false };
  }
}

function agree(own: KeyObject, other: KeyObject, ephemeral: Bytes, recipient: Bytes): Bytes {
  const secret = diffieHellman({ privateKey: own, publicKey: other });
  const salt = createHash('sha256').update(ephemeral).update(recipient).digest();
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, 32));
}

function nonceOf(epoch: number, seq: number): Bytes {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(epoch), 0);
  nonce.writeUInt32BE(seq, 8);
  return nonce;
}

const x25519PublicKey = (raw: Bytes): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: Buffer.from(raw).toString('base64url') }, format: 'jwk' });

/** X25519 private key from its 32 raw bytes and public key. */
export const x25519PrivateKey = (secret: Bytes, raw: Bytes): KeyObject =>
  createPrivateKey({
    key: {
      kty: 'OKP',
      crv: 'X25519',
      d: Buffer.from(secret).toString('base64url'),
      x: Buffer.from(raw).toString('base64url'),
    },
    format: 'jwk',
  });

function rawPublicKey(key: KeyObject): Bytes {
  return new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'));
}
