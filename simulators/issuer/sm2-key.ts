// SM2 keys that sign as a transit scheme's do (GB/T 32918.2, default user id): for simulated issuers and phones.
// The verifier has arithmetic of its own package; OpenSSL and the standard's example judge both.
import { weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { type Bytes, concat, fromHex, hex } from '../../runtime/core/bytes.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { sm2Curve, sm2Digest } from '../../runtime/tokens/jtt1179/sm2.ts';

const Point = weierstrass(sm2Curve);
const { n } = sm2Curve;

export class Sm2Key {
  /** Compressed point, 33 bytes. */
  readonly publicKey: Bytes;
  readonly #d: bigint;

  constructor(d: bigint) {
    this.#d = d;
    this.publicKey = Point.BASE.multiply(d).toBytes(true);
  }

  static create(entropy: Entropy): Sm2Key {
    return new Sm2Key(scalar(entropy));
  }

  /** X || Y, 64 bytes. */
  get point(): Bytes {
    return Point.BASE.multiply(this.#d).toBytes(false).subarray(1);
  }

  /** r || s, 64 bytes. */
  sign(message: Bytes, entropy: Entropy): Bytes {
    const e = sm2Digest(this.publicKey, message);
    for (;;) {
      const k = scalar(entropy);
      const r = (e + Point.BASE.multiply(k).toAffine().x) % n;
      const s = (inverse(1n + this.#d) * (((k - r * this.#d) % n) + n)) % n;
      if (r !== 0n && r + k !== n && s !== 0n) return concat(bytes32(r), bytes32(s));
    }
  }
}

/** Uniform enough in 1..n-2 for keys that guard nothing. */
const scalar = (entropy: Entropy): bigint => (BigInt(`0x${hex(entropy.bytes(40))}`) % (n - 2n)) + 1n;
const bytes32 = (value: bigint): Bytes => fromHex(value.toString(16).padStart(64, '0'));

/** By Fermat: n is prime. */
function inverse(value: bigint): bigint {
  let [result, base, exponent] = [1n, value % n, n - 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % n;
    base = (base * base) % n;
  }
  return result;
}
