// SM2 signatures (GB/T 32918) with the default user id, as JT/T 1179 uses them. node:crypto verifies SM2 with
// an empty user id and cannot be told another, so the curve arithmetic comes from @noble/curves.
import { createHash } from 'node:crypto';
import { weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { type Bytes, concat, fromHex, hex, utf8 } from '../../core/bytes.ts';

const prime = 2n ** 256n - 2n ** 224n - 2n ** 96n + 2n ** 64n - 1n;

/** The recommended curve of GB/T 32918.5. */
export const sm2Curve = {
  p: prime,
  n: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
  h: 1n,
  a: prime - 3n,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
} as const;
const Point = weierstrass(sm2Curve);
const order = sm2Curve.n;
const half = 32;

/** GB/T 32918.2 section 5.5, where no other id is agreed. Its length in bits comes first. */
const userId = utf8('1234567812345678');
const domain = concat(
  Uint8Array.of(0x00, 0x80),
  userId,
  ...[sm2Curve.a, sm2Curve.b, sm2Curve.Gx, sm2Curve.Gy].map(bytes32),
);

/**
 * Whether `signature` (r || s, 64 bytes) holds over `message` under the compressed point `publicKey` (33 bytes).
 * False for anything else; never throws.
 */
export function sm2Holds(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  if (publicKey.length !== half + 1 || signature.length !== 2 * half) return false;
  const [r, s] = [integer(signature.subarray(0, half)), integer(signature.subarray(half))];
  if (r < 1n || r >= order || s < 1n || s >= order) return false;
  const t = (r + s) % order;
  if (t === 0n) return false;
  try {
    const e = sm2Digest(publicKey, message);
    const sum = Point.BASE.multiplyUnsafe(s).add(Point.fromBytes(publicKey).multiplyUnsafe(t));
    return !sum.is0() && (e + sum.toAffine().x) % order === r;
  } catch {
    return false;
  }
}

/**
 * e = SM3(Z || message) with Z over id, curve and key, as an integer.
 * @throws for bytes that are no point of the curve.
 */
export function sm2Digest(publicKey: Bytes, message: Bytes): bigint {
  const { x, y } = Point.fromBytes(publicKey).toAffine();
  return integer(sm3(concat(sm3(concat(domain, bytes32(x), bytes32(y))), message)));
}

const sm3 = (bytes: Bytes): Bytes => new Uint8Array(createHash('sm3').update(bytes).digest());
const integer = (bytes: Bytes): bigint => BigInt(`0x${hex(bytes)}`);

function bytes32(value: bigint): Bytes {
  return fromHex(value.toString(16).padStart(2 * half, '0'));
}
