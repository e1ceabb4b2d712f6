// Capacity leases: a gate lane asks for places and accounts for the ones it had, signed; the head end answers
// with a quota that ends. The request is signed too: whoever could say "unused" for a lane could overfill a site.
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type UnixSeconds, unixSeconds } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { type CborInput, type CborValue, encodeCbor, plain } from '../../runtime/core/cbor.ts';
import { algorithms, signatureHolds } from '../../runtime/tokens/keys.ts';
import { bytesOf, count, idText, signature } from './fields.ts';
import { type Parsed, parseMessage, parseValue } from './parsed.ts';

export const leaseLimits = {
  /** Places in one lease, and so in one request. */
  places: 1_000,
  documentBytes: 1_024,
} as const;

/** What a lane says of the lease it has. */
export interface LeaseReport {
  /** 8 bytes. */
  readonly lease: Bytes;
  readonly left: number;
  /** Nothing more will be spent of it: what is left may be given to others. */
  readonly final: boolean;
}

export interface LeaseRequest {
  /** 8 bytes, echoed. */
  readonly id: Bytes;
  readonly site: string;
  readonly zone: string;
  /** Places wanted; 0 only reports. */
  readonly want: number;
  readonly report: LeaseReport | null;
  /** Wall time of the lane, milliseconds; null while it does not trust its clock. */
  readonly atMs: number | null;
  /** Every spend the report knows of stands in a row up to this one; seq -1 for an empty journal. */
  readonly epoch: number;
  readonly seq: number;
}

export interface SignedLeaseRequest extends LeaseRequest {
  readonly signature: Bytes;
}

export interface LeaseGrant {
  /** 8 bytes. */
  readonly lease: Bytes;
  readonly site: string;
  readonly zone: string;
  readonly places: number;
  readonly expiresAt: UnixSeconds;
  /** Head-end time, milliseconds. */
  readonly nowMs: number;
}

export interface LeaseAnswer {
  readonly id: Bytes;
  /** The signed grant. */
  readonly document: Bytes;
}

const leaseId = bytesOf(8);
const places = count.max(leaseLimits.places);
const requestSchema = z.object({
  id: bytesOf(8),
  site: idText,
  zone: idText,
  want: places,
  lease: z.object({ id: leaseId, left: places, fin: z.boolean() }).nullable(),
  at: count.nullable(),
  e: count,
  seq: z.int().min(-1),
  alg: z.literal(algorithms.EdDSA),
  sig: signature,
});
const grantSchema = z.object({
  lease: leaseId,
  site: idText,
  zone: idText,
  places,
  exp: count.max(0xffff_ffff),
  now: count,
});
const answerSchema = z.object({ id: bytesOf(8), doc: bytesOf(1, leaseLimits.documentBytes) });

export const encodeLeaseRequest = (
  operator: string,
  terminal: string,
  request: LeaseRequest,
  sign: (message: Bytes) => Bytes,
): Bytes =>
  encodeCbor({
    id: request.id,
    site: request.site,
    zone: request.zone,
    want: request.want,
    lease: reportBody(request.report),
    at: request.atMs,
    e: request.epoch,
    seq: request.seq,
    alg: algorithms.EdDSA,
    sig: sign(signatureBase(operator, terminal, request)),
  });

export function parseLeaseRequest(bytes: Bytes): Parsed<SignedLeaseRequest> {
  const parsed = parseMessage(bytes, requestSchema);
  if (!parsed.ok) return parsed;
  const { id, site, zone, want, lease, at, e, seq, sig } = parsed.value;
  const report = lease === null ? null : { lease: lease.id, left: lease.left, final: lease.fin };
  return { ok: true, value: { id, site, zone, want, report, atMs: at, epoch: e, seq, signature: sig } };
}

export const leaseRequestAuthentic = (
  operator: string,
  terminal: string,
  request: SignedLeaseRequest,
  key: KeyObject,
): boolean => signatureHolds(algorithms.EdDSA, key, signatureBase(operator, terminal, request), request.signature);

export const encodeLeaseAnswer = ({ id, document }: LeaseAnswer): Bytes => encodeCbor({ id, doc: document });

export function parseLeaseAnswer(bytes: Bytes): Parsed<LeaseAnswer> {
  const parsed = parseMessage(bytes, answerSchema);
  return parsed.ok ? { ok: true, value: { id: parsed.value.id, document: parsed.value.doc } } : parsed;
}

export const leaseBody = (grant: LeaseGrant): CborInput => ({
  lease: grant.lease,
  site: grant.site,
  zone: grant.zone,
  places: grant.places,
  exp: grant.expiresAt,
  now: grant.nowMs,
});

export function parseLease(body: CborValue): Parsed<LeaseGrant> {
  const parsed = parseValue(plain(body), grantSchema);
  if (!parsed.ok) return parsed;
  const { lease, site, zone, places: granted, exp, now } = parsed.value;
  return { ok: true, value: { lease, site, zone, places: granted, expiresAt: unixSeconds(exp), nowMs: now } };
}

const reportBody = (report: LeaseReport | null): CborInput =>
  report === null ? null : { id: report.lease, left: report.left, fin: report.final };

const signatureBase = (operator: string, terminal: string, request: LeaseRequest): Bytes =>
  encodeCbor([
    'stile-lease-1',
    operator,
    terminal,
    request.id,
    request.site,
    request.zone,
    request.want,
    reportBody(request.report),
    request.atMs,
    request.epoch,
    request.seq,
  ]);
