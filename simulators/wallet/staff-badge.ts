// The badge in a staff phone: a grant for one shift, and the key that signs each showing of it.
import type { UnixSeconds } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import type { Claims } from '../../runtime/tokens/claims.ts';
import { signatureOver } from '../../runtime/tokens/cose.ts';
import { holderSignedBytes } from '../../runtime/tokens/holder-signed.ts';
import { type Algorithm, algorithms } from '../../runtime/tokens/keys.ts';
import { roleBits, type StaffRole } from '../../runtime/tokens/staff-roles.ts';
import { badgeText, type Issuer } from '../issuer/issuer.ts';
import { type KeyPair, makeKeyPair } from '../issuer/key-pair.ts';
import { holderOf } from './wallet.ts';

export interface BadgeGrant {
  readonly roles: readonly StaffRole[];
  readonly site?: number;
  readonly terminal?: string;
}

export class StaffBadge {
  /** Pseudonymous, 8 bytes. */
  readonly staff: Bytes;
  readonly credential: Bytes;
  readonly #key: KeyPair;
  #counter = 0;

  private constructor(staff: Bytes, key: KeyPair, credential: Bytes) {
    this.staff = staff;
    this.#key = key;
    this.credential = credential;
  }

  static open(
    issuer: Issuer,
    { roles, site, terminal }: BadgeGrant,
    iat: UnixSeconds,
    options: { alg?: Algorithm; staff?: Bytes; claims?: Partial<Claims> } = {},
  ): StaffBadge {
    const staff = options.staff ?? issuer.newAccount();
    const key = makeKeyPair(options.alg ?? algorithms.ES256);
    const place = { ...(site !== undefined && { site }), ...(terminal !== undefined && { terminal }) };
    const claims = { roles: roleBits(roles), ...(place as Pick<Claims, 'site'>), ...options.claims };
    return new StaffBadge(staff, key, issuer.badge(holderOf(key), staff, iat, claims));
  }

  /** A code made at `now`, with the next counter. */
  code(now: UnixSeconds): string {
    const presentation = encodeCbor([now, ++this.#counter]);
    const signed = holderSignedBytes(holderOf(this.#key), this.credential, presentation);
    const signature = signatureOver(this.#key.alg, this.#key.privateKey, signed);
    return badgeText(encodeCbor([this.credential, presentation, signature]));
  }
}
