// What the machines of one site say to each other: may I use this ticket, you may or may not, this is what
// became of it. Signed by the sender's journal key; the ticket itself is sealed with a key of the site, so
// that a listener on the LAN sees a keyed hash and learns nobody's ticket id.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type Bytes, concat } from '../../runtime/core/bytes.ts';
import { type CborInput, decodeCbor, encodeCbor, messageProfile } from '../../runtime/core/cbor.ts';
import { algorithms, signatureHolds } from '../../runtime/tokens/keys.ts';
import { bytesOf, count, idText, signature } from './fields.ts';
import { type Parsed, parseMessage, refused } from './parsed.ts';

export const claimLimits = {
  messageBytes: 32 * 1024,
  /** What the home machine knows of a ticket, as its own ledger writes it. */
  useBytes: 16 * 1024,
  siteKeyBytes: 32,
  uses: 1_000,
} as const;

/** One ticket or loan code in the talk between machines. */
export interface ClaimSubject {
  /** 16 bytes: the transaction of the asking machine. */
  readonly claimId: Bytes;
  readonly issuer: string;
  /** Token id, 8 to 16 bytes. */
  readonly cti: Bytes;
  /** Uses it has in all. */
  readonly uses: number;
  /** Unix seconds. */
  readonly validUntil: number;
}

export const claimOutcomes = ['used', 'released', 'exited'] as const;
export type ClaimOutcome = (typeof claimOutcomes)[number];

/** `used`: nothing is left of it. `busy`: held by a running act, perhaps free again in a minute. */
export const claimDecisions = ['granted', 'used', 'busy'] as const;
export type ClaimDecision = (typeof claimDecisions)[number];

export type ClaimMessage =
  | { readonly kind: 'claim'; readonly to: string; readonly atMs: number; readonly subject: ClaimSubject }
  | {
      readonly kind: 'settle';
      readonly to: string;
      readonly atMs: number;
      readonly subject: ClaimSubject;
      /** 8 bytes: tells this outcome from the next of the same claim. */
      readonly actId: Bytes;
      readonly outcome: ClaimOutcome;
      /** More persons of a group are on their way. */
      readonly more: boolean;
    }
  | {
      readonly kind: 'answer';
      readonly to: string;
      readonly claimId: Bytes;
      readonly decision: ClaimDecision;
      readonly use: Bytes | null;
    }
  | { readonly kind: 'settled'; readonly to: string; readonly claimId: Bytes; readonly actId: Bytes };

export interface SiteTalk {
  readonly operator: string;
  readonly site: string;
  readonly keys: SiteKeys;
}

/** Two keys from the one that the site's machines share. */
export interface SiteKeys {
  readonly seal: Bytes;
  readonly hash: Bytes;
}

/** @throws RangeError for a key of another length: nothing shorter keeps a ticket id to itself. */
export function siteKeys(siteKey: Bytes): SiteKeys {
  if (siteKey.length !== claimLimits.siteKeyBytes)
    throw new RangeError(`a site key has ${claimLimits.siteKeyBytes} bytes`);
  const derive = (info: string): Bytes => new Uint8Array(hkdfSync('sha256', siteKey, '', `stile-site-1 ${info}`, 32));
  return { seal: derive('seal'), hash: derive('hash') };
}

/** HMAC-SHA256 of [issuer, token id], first 16 bytes. */
export const keyedTicketHash = (keys: SiteKeys, issuer: string, cti: Bytes): Bytes =>
  new Uint8Array(
    createHmac('sha256', keys.hash)
      .update(encodeCbor([issuer, cti]))
      .digest()
      .subarray(0, 16),
  );

const subjectSchema = z.object({
  i: z.string().regex(/^[A-Za-z0-9_-]{1,16}$/),
  c: bytesOf(8, 16),
  u: count.min(1).max(claimLimits.uses),
  x: count.max(0xffff_ffff),
});
const sealedBox = bytesOf(28, claimLimits.useBytes + 64);
const asked = { to: idText, id: bytesOf(16), at: count, tk: bytesOf(16), box: sealedBox };
const bodySchema = z.discriminatedUnion('k', [
  z.object({ k: z.literal('claim'), ...asked }),
  z.object({ k: z.literal('settle'), ...asked, act: bytesOf(8), out: z.enum(claimOutcomes), more: z.boolean() }),
  z.object({
    k: z.literal('answer'),
    to: idText,
    id: bytesOf(16),
    ans: z.enum(claimDecisions),
    box: sealedBox.nullable(),
  }),
  z.object({ k: z.literal('settled'), to: idText, id: bytesOf(16), act: bytesOf(8) }),
]);
const envelopeSchema = z.object({
  b: bytesOf(1, claimLimits.messageBytes),
  alg: z.literal(algorithms.EdDSA),
  sig: signature,
});

/** `random` are 12 fresh bytes. */
export function sealClaim(
  talk: SiteTalk,
  sender: string,
  message: ClaimMessage,
  random: Bytes,
  sign: (message: Bytes) => Bytes,
): Bytes {
  const body = encodeCbor(bodyOf(talk.keys, message, random));
  return encodeCbor({ b: body, alg: algorithms.EdDSA, sig: sign(signatureBase(talk, sender, body)) });
}

/** Any bytes: the message, or why it is not believed. */
export function openClaim(bytes: Bytes, talk: SiteTalk, sender: string, key: KeyObject): Parsed<ClaimMessage> {
  if (bytes.length > claimLimits.messageBytes) return refused('too long');
  const envelope = parseMessage(bytes, envelopeSchema);
  if (!envelope.ok) return envelope;
  const { b, sig } = envelope.value;
  if (!signatureHolds(algorithms.EdDSA, key, signatureBase(talk, sender, b), sig)) return refused('signature');
  const body = parseMessage(b, bodySchema);
  return body.ok ? messageOf(talk.keys, body.value) : body;
}

/** Without keys: what a listener sees. */
export function readClaimBody(bytes: Bytes): Parsed<ReturnType<typeof decodeCbor>> {
  const envelope = parseMessage(bytes, envelopeSchema);
  return envelope.ok ? { ok: true, value: decodeCbor(envelope.value.b, messageProfile) } : envelope;
}

function bodyOf(keys: SiteKeys, message: ClaimMessage, random: Bytes): CborInput {
  switch (message.kind) {
    case 'claim':
      return { k: 'claim', ...askedBody(keys, message, random) };
    case 'settle': {
      const { actId, outcome, more } = message;
      return { k: 'settle', ...askedBody(keys, message, random), act: actId, out: outcome, more };
    }
    case 'answer': {
      const { to, claimId, decision, use } = message;
      return { k: 'answer', to, id: claimId, ans: decision, box: use && box(keys, claimId, use, random) };
    }
    case 'settled':
      return { k: 'settled', to: message.to, id: message.claimId, act: message.actId };
    default:
      return message satisfies never;
  }
}

function askedBody(
  keys: SiteKeys,
  { to, atMs, subject }: Extract<ClaimMessage, { kind: 'claim' | 'settle' }>,
  random: Bytes,
): { readonly [key: string]: CborInput } {
  const { claimId, issuer, cti, uses, validUntil } = subject;
  const inside = encodeCbor({ i: issuer, c: cti, u: uses, x: validUntil });
  return { to, id: claimId, at: atMs, tk: keyedTicketHash(keys, issuer, cti), box: box(keys, claimId, inside, random) };
}

function messageOf(keys: SiteKeys, body: z.infer<typeof bodySchema>): Parsed<ClaimMessage> {
  switch (body.k) {
    case 'claim':
    case 'settle': {
      const subject = subjectOf(keys, body.id, body.tk, body.box);
      if (!subject.ok) return subject;
      const same = { to: body.to, atMs: body.at, subject: subject.value };
      if (body.k === 'claim') return { ok: true, value: { kind: 'claim', ...same } };
      const { act, out, more } = body;
      return { ok: true, value: { kind: 'settle', ...same, actId: act, outcome: out, more } };
    }
    case 'answer': {
      const use = body.box && unbox(keys, body.id, body.box);
      if (body.box && !use) return refused('box: not sealed with the key of this site');
      return { ok: true, value: { kind: 'answer', to: body.to, claimId: body.id, decision: body.ans, use } };
    }
    case 'settled':
      return { ok: true, value: { kind: 'settled', to: body.to, claimId: body.id, actId: body.act } };
    default:
      return body satisfies never;
  }
}

function subjectOf(keys: SiteKeys, claimId: Bytes, ticket: Bytes, sealed: Bytes): Parsed<ClaimSubject> {
  const inside = unbox(keys, claimId, sealed);
  if (!inside) return refused('box: not sealed with the key of this site');
  const parsed = parseMessage(inside, subjectSchema);
  if (!parsed.ok) return parsed;
  const { i, c, u, x } = parsed.value;
  if (!Buffer.from(keyedTicketHash(keys, i, c)).equals(ticket)) return refused('tk: of another ticket');
  return { ok: true, value: { claimId, issuer: i, cti: c, uses: u, validUntil: x } };
}

const signatureBase = ({ operator, site }: SiteTalk, sender: string, body: Bytes): Bytes =>
  encodeCbor(['stile-claim-1', operator, site, sender, body]);

/** AES-256-GCM: random, ciphertext, tag; bound to its claim. */
function box(keys: SiteKeys, claimId: Bytes, plaintext: Bytes, random: Bytes): Bytes {
  const cipher = createCipheriv('aes-256-gcm', keys.seal, random).setAAD(claimId);
  return concat(
    random,
    new Uint8Array(cipher.update(plaintext)),
    new Uint8Array(cipher.final()),
    new Uint8Array(cipher.getAuthTag()),
  );
}

function unbox(keys: SiteKeys, claimId: Bytes, sealed: Bytes): Bytes | null {
  const decipher = createDecipheriv('aes-256-gcm', keys.seal, sealed.subarray(0, 12)).setAAD(claimId);
  decipher.setAuthTag(sealed.subarray(sealed.length - 16));
  try {
    const opened = decipher.update(sealed.subarray(12, sealed.length - 16));
    return new Uint8Array(Buffer.concat([opened, decipher.final()]));
  } catch {
    return null;
  }
}
