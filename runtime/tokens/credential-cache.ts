// Credentials whose issuer signature was verified under the trust list in force: a phone that shows a
// new code every few seconds costs one signature check a code, not two. A hit means "issuer signature
// good" and nothing else; every other step still runs.
import { hash, type KeyObject } from 'node:crypto';
import type { Bytes } from '../core/bytes.ts';
import type { Claims } from './claims.ts';
import type { Cose1 } from './cose.ts';

export const credentialCacheLimit = 1_024;

export interface KnownCredential {
  readonly claims: Claims;
  readonly cose: Cose1;
  readonly holderKey: KeyObject;
  /** The key that signed it: the entry vouches for nothing under another one. */
  readonly issuerKey: KeyObject;
}

export class CredentialCache {
  readonly #known = new Map<string, KnownCredential>();
  readonly #proofs = new Set<string>();

  /** Identity of a credential: SHA-256 of its exact bytes, signature included. */
  static keyOf(credential: Bytes): string {
    return hash('sha256', credential, 'base64url');
  }

  get size(): number {
    return this.#known.size;
  }

  get(key: string): KnownCredential | null {
    const known = this.#known.get(key);
    if (!known) return null;
    this.#known.delete(key);
    this.#known.set(key, known);
    return known;
  }

  /** Only after the issuer signature held. The least recently used one makes room. */
  add(key: string, known: KnownCredential): void {
    this.#known.set(key, known);
    if (this.#known.size <= credentialCacheLimit) return;
    const oldest = this.#known.keys().next();
    if (!oldest.done) this.#known.delete(oldest.value);
  }

  /** Whether a signature of a foreign format, named by everything it was checked over, held before. */
  hasProof(key: string): boolean {
    if (!this.#proofs.delete(key)) return false;
    this.#proofs.add(key);
    return true;
  }

  /** Only after the signature held. The least recently used one makes room. */
  addProof(key: string): void {
    this.#proofs.add(key);
    if (this.#proofs.size <= credentialCacheLimit) return;
    const oldest = this.#proofs.values().next();
    if (!oldest.done) this.#proofs.delete(oldest.value);
  }

  /** With each trust list that is installed: its keys may no longer vouch for what is held. */
  clear(): void {
    this.#known.clear();
    this.#proofs.clear();
  }
}
