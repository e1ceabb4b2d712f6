// The bytes of a JT/T 1179-2018 transit code, as fields. Fixed offsets but for one custom field; integers are
// big-endian. Nothing here is believed yet.
import type { Bytes } from '../../core/bytes.ts';
import { hex } from '../../core/bytes.ts';

/** An issuer's certificate, 117 bytes, signed by the CA key of `caIndex`. */
export interface Certificate {
  /** 8 hexadecimal digits: the name under which the trust list knows the issuer. */
  readonly issuer: string;
  readonly caIndex: number;
  /** First second after the certificate's last month, unix seconds UTC. */
  readonly expiry: number;
  /** Compressed SM2 point, 33 bytes. */
  readonly publicKey: Bytes;
  /** Offsets 6..52 of the certificate. */
  readonly signed: Bytes;
  readonly signature: Bytes;
  /** All 117 bytes. */
  readonly whole: Bytes;
}

export interface TransitCode {
  readonly certificate: Certificate;
  /** 10 bytes BCD: pseudonymous to the terminal. */
  readonly account: Bytes;
  readonly accountType: number;
  readonly fareCapMinor: number;
  /** Compressed SM2 point, 33 bytes. */
  readonly userKey: Bytes;
  readonly authorisationExpiry: number;
  readonly validitySeconds: number;
  readonly generatedAt: number;
  /** Fields 3..14, under the issuer's signature. */
  readonly authorisation: Bytes;
  readonly issuerSignature: Bytes;
  /** Fields 1..16, under the user's signature. */
  readonly presented: Bytes;
  readonly userSignature: Bytes;
}

export const transitBounds = { fixedBytes: 332, customBytes: 32 } as const;

const certificateBytes = 117;
/** Length of fields 3..17 without the custom field. */
const lengthBase = 329;
const signatureTag = 0x15;
const signatureBytes = 65;
const lowestVersion = 0x80;

/** Constant time: version and the length that the bytes really have. */
export const looksLikeTransitCode = (raw: Bytes): boolean =>
  raw.length >= transitBounds.fixedBytes &&
  raw.length <= transitBounds.fixedBytes + transitBounds.customBytes &&
  (raw[0] ?? 0) >= lowestVersion &&
  u16(raw, 1) === raw.length - 3;

/** Null for bytes that are not exactly this layout. */
export function readTransitCode(raw: Bytes): TransitCode | null {
  if (!looksLikeTransitCode(raw)) return null;
  const custom = raw[197] ?? 0;
  if (raw.length - 3 !== lengthBase + custom) return null;
  const certificate = readCertificate(raw.subarray(3, 3 + certificateBytes));
  const authorised = 198 + custom;
  const generated = authorised + signatureBytes;
  const presented = generated + 4;
  if (certificate === null || raw[authorised] !== signatureTag || raw[presented] !== signatureTag) return null;
  const userKey = raw.subarray(158, 191);
  if (!isCompressed(userKey) || !isDecimal(raw.subarray(136, 146))) return null;
  return {
    certificate,
    account: raw.subarray(136, 146),
    accountType: raw[154] ?? 0,
    fareCapMinor: ((raw[155] ?? 0) << 16) | u16(raw, 156),
    userKey,
    authorisationExpiry: u32(raw, 191),
    validitySeconds: u16(raw, 195),
    generatedAt: u32(raw, generated),
    authorisation: raw.subarray(3, authorised),
    issuerSignature: raw.subarray(authorised + 1, generated),
    presented: raw.subarray(0, presented),
    userSignature: raw.subarray(presented + 1),
  };
}

function readCertificate(whole: Bytes): Certificate | null {
  const fixed: readonly (readonly [offset: number, value: number])[] = [
    [0, 0x24],
    [6, 0x12],
    [16, 0x04],
    [17, 0x04],
    [19, 0x21],
  ];
  const publicKey = whole.subarray(20, 53);
  const expiry = monthEnd(whole[11] ?? 0, whole[12] ?? 0);
  if (!fixed.every(([offset, value]) => whole[offset] === value) || !isCompressed(publicKey) || expiry === null)
    return null;
  return {
    issuer: hex(whole.subarray(7, 11)),
    caIndex: whole[5] ?? 0,
    expiry,
    publicKey,
    signed: whole.subarray(6, 53),
    signature: whole.subarray(53),
    whole,
  };
}

/** MMYY in BCD; the certificate is good to the end of that month. */
function monthEnd(month: number, year: number): number | null {
  const [m, y] = [decimal(month), decimal(year)];
  if (m === null || y === null || m < 1 || m > 12) return null;
  return Date.UTC(2000 + y, m, 1) / 1000;
}

function decimal(byte: number): number | null {
  const [tens, ones] = [byte >> 4, byte & 15];
  return tens > 9 || ones > 9 ? null : tens * 10 + ones;
}

const isDecimal = (bytes: Bytes): boolean => bytes.every((byte) => decimal(byte) !== null);
const isCompressed = (point: Bytes): boolean => point[0] === 2 || point[0] === 3;
const u16 = (bytes: Bytes, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const u32 = (bytes: Bytes, at: number): number => u16(bytes, at) * 0x10000 + u16(bytes, at + 2);
