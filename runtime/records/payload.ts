// What a row says. Fields have names in code and small integers in the bytes, because every row is
// paid for on a mobile link. A field's number is never reused and its type never changes.
import type { Bytes } from '../core/bytes.ts';
import { type CborInput, type CborMap, type CborValue, isMap } from '../core/cbor.ts';
import type { ReasonCode } from './reasons.ts';

/** [kind, event, txSeq] or [kind, event, txSeq, ending]: OCPP 2.0.1 TransactionEvent in one line. */
export type TransactionEvent =
  | readonly [kind: string, event: 'Started' | 'Updated', txSeq: number]
  | readonly [kind: string, event: 'Ended', txSeq: number, ending: Ending];
export type Ending =
  | 'done'
  | 'voided'
  | 'not_passed'
  | 'not_taken'
  | 'compensated'
  | 'max_fare'
  | 'unfinished'
  | 'emergency'
  | 'staff';

export interface Payload {
  /** What happened: ride, decline, repeat, declines, trip, boot, deny, fares, trust, step, sync, checkpoint … */
  readonly act: string;
  readonly reason?: ReasonCode;
  /** Transaction id, 16 bytes, made by the terminal. */
  readonly tx?: Bytes;
  readonly events?: readonly TransactionEvent[];
  readonly trigger?: string;
  /** The terminal had no connection to the head end when it decided. */
  readonly offline?: boolean;
  readonly format?: string;
  readonly issuer?: string;
  readonly kid?: Bytes;
  readonly account?: Bytes;
  /** D of tokens: SHA-256 of the bytes under the outermost signature. */
  readonly digest?: Bytes;
  readonly counter?: number;
  readonly done?: number;
  readonly found?: number;
  readonly fareMinor?: number;
  readonly currency?: string;
  readonly line?: string;
  readonly trip?: Bytes;
  readonly stop?: string;
  readonly fareVersion?: number;
  readonly rule?: string;
  readonly riders?: number;
  /** [gen, v] of the trust list. */
  readonly trust?: readonly [number, number];
  readonly denyVersion?: number;
  readonly listAgeSeconds?: number;
  /** Token bytes sealed to the head end's key, and the ephemeral X25519 key that opens them. */
  readonly sealed?: Bytes;
  readonly sealKey?: Bytes;
  /** Seq of the newest accepted row whose cue was shown. */
  readonly signalled?: number;
  readonly repeatOf?: number;
  readonly count?: number;
  readonly detail?: string;
  readonly firstSeq?: number;
  readonly lastSeq?: number;
  readonly head?: Bytes;
  readonly alg?: number;
  readonly signature?: Bytes;
  readonly document?: Bytes;
  readonly software?: string;
  readonly cause?: string;
  readonly previousEpoch?: number;
  readonly operator?: string;
  readonly publicKey?: Bytes;
  readonly version?: number;
  readonly hash?: Bytes;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly review?: boolean;
  readonly ladder?: number;
  readonly stopConfidence?: number;
  /** Offline rides: the head end had stored every row up to this seq when the ride was decided. */
  readonly acked?: number;
  /** Ordinal of the stop visit within the trip. */
  readonly visit?: number;
  readonly direction?: string;
  /** When the phone made the presentation, unix seconds. */
  readonly presentedAt?: number;
  /** One physical act, 8 bytes: an INTENT and its OUTCOME carry the same. */
  readonly actId?: Bytes;
  /** What the sensors made of an act: passed, not_passed, failed, taken, not_taken, in_doubt. */
  readonly outcome?: string;
  /** Closed set of incidents: tailgate, forced, double_use, fire, in_doubt, return_unseen … */
  readonly incident?: string;
  /** Token id, 8 to 16 bytes. */
  readonly cti?: Bytes;
  readonly site?: number;
  /** Gate lane or cabinet, as the site names it. */
  readonly place?: string;
  readonly product?: number;
  /** Persons still to pass on the ticket. */
  readonly rest?: number;
  /** Persons inside as far as this lane knows, after this row. */
  readonly occupancy?: number;
  /** Capacity lease that the admission was taken from, and what is left of it. */
  readonly lease?: Bytes;
  readonly leaseLeft?: number;
  /** No claim could be made with the ticket's home lane. */
  readonly unclaimed?: boolean;
  /** Pseudonymous id of a staff badge. */
  readonly staff?: Bytes;
  readonly slot?: number;
  /** Serial of an item's own tag. */
  readonly item?: string;
  /** Order id given by the head end. */
  readonly order?: Bytes;
  /** Monotonic time of the first sensor contact, in this boot. */
  readonly contactMonoMs?: number;
  readonly chargePercent?: number;
  readonly language?: string;
  readonly commandId?: Bytes;
  /** Version of the site's signed rules. */
  readonly rulesVersion?: number;
  /** When a code's entitlement ends, unix seconds. */
  readonly validUntil?: number;
  /** What was counted in a time, by name. */
  readonly counters?: readonly (readonly [name: string, count: number])[];
  /** From when a code that was shown too early is good, unix seconds. */
  readonly validFrom?: number;
}
export type PayloadField = keyof Payload;

const fieldNumbers = {
  act: 0,
  reason: 1,
  tx: 2,
  events: 3,
  trigger: 4,
  offline: 5,
  format: 6,
  issuer: 7,
  kid: 8,
  account: 9,
  digest: 10,
  counter: 11,
  done: 12,
  found: 13,
  fareMinor: 14,
  currency: 15,
  line: 16,
  trip: 17,
  stop: 18,
  fareVersion: 19,
  rule: 20,
  riders: 21,
  trust: 22,
  denyVersion: 23,
  listAgeSeconds: 24,
  sealed: 25,
  sealKey: 26,
  signalled: 27,
  repeatOf: 28,
  count: 29,
  detail: 30,
  firstSeq: 31,
  lastSeq: 32,
  head: 33,
  alg: 34,
  signature: 35,
  document: 36,
  software: 37,
  cause: 38,
  previousEpoch: 39,
  operator: 40,
  publicKey: 41,
  version: 42,
  hash: 43,
  fromMs: 44,
  toMs: 45,
  review: 46,
  ladder: 47,
  stopConfidence: 48,
  acked: 49,
  visit: 50,
  direction: 51,
  presentedAt: 52,
  actId: 53,
  outcome: 54,
  incident: 55,
  cti: 56,
  site: 57,
  place: 58,
  product: 59,
  rest: 60,
  occupancy: 61,
  lease: 62,
  leaseLeft: 63,
  unclaimed: 64,
  staff: 65,
  slot: 66,
  item: 67,
  order: 68,
  contactMonoMs: 69,
  chargePercent: 70,
  language: 71,
  commandId: 72,
  rulesVersion: 73,
  validUntil: 74,
  counters: 75,
  validFrom: 76,
} as const satisfies Record<PayloadField, number>;

/** Names of all fields, in the order of their numbers. */
export const payloadFields = Object.keys(fieldNumbers) as readonly PayloadField[];

const numbersByName = fieldNumbers as Readonly<Record<string, number>>;
const namesByNumber = new Map<number, string>(Object.entries(fieldNumbers).map(([name, number]) => [number, name]));

/** Names to numbers; fields that are `undefined` are left out. */
export function payloadToCbor(payload: Payload): ReadonlyMap<number, CborInput> {
  const map = new Map<number, CborInput>();
  for (const [name, value] of Object.entries(payload)) {
    const number = numbersByName[name];
    if (number !== undefined && value !== undefined) map.set(number, value as CborInput);
  }
  return map;
}

/** Numbers to names. A number this version does not know keeps its place as `field<n>`. */
export function payloadFromCbor(value: CborValue): Payload {
  const payload: Record<string, CborValue> = { act: '' };
  if (!isMap(value)) return payload as unknown as Payload;
  for (const [key, inner] of value as CborMap) {
    payload[typeof key === 'number' ? (namesByNumber.get(key) ?? `field${key}`) : `field${key}`] = inner;
  }
  return payload as unknown as Payload;
}
