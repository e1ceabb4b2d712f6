// Format pretix_sig1: event tickets that people already carry, signed by the ticket shop and good without a
// network. The text is the Base64 of the binary ticket, written backwards; it names no issuer and no key.
import { createHash } from 'node:crypto';
import { type UnixSeconds, unixSeconds } from '../../core/brand.ts';
import { type Bytes, equal, utf8 } from '../../core/bytes.ts';
import { checkWord } from '../../core/check-words.ts';
import { admitWindow, seconds } from '../admission.ts';
import { algorithms, signatureHolds, signatureLength } from '../keys.ts';
import { malformed } from '../native-text.ts';
import { frozenOutcome, withoutEnd } from '../outcome.ts';
import { type IssuerKey, type IssuerRecord, kindBits } from '../trust-view.ts';
import {
  type Admission,
  type Parsed,
  type Parsing,
  type Proof,
  refused,
  type TokenVerifier,
  type Unwrapped,
  type VerifyContext,
} from '../verifier.ts';
import { readSignedTicket, type SignedTicket } from './protobuf.ts';

/** What an item of the shop is on this site. `variation` and `subevent` null match any. */
export interface PretixItem {
  readonly item: number;
  readonly variation: number | null;
  readonly subevent: number | null;
  readonly product: number;
  readonly site: number;
}

export interface ParsedPretix extends Parsed {
  readonly format: 'pretix_sig1';
  readonly ticket: SignedTicket;
  readonly payload: Bytes;
  readonly signature: Bytes;
  readonly evidence: Bytes;
}

export const pretixBounds = {
  /** A seed of 255 characters and every field at its longest still fit. */
  textCharacters: 604,
  /** Keys tried for one ticket, over all issuers of this format. */
  keys: 8,
} as const;

const version = 1;
const headLength = 5;
const shortestText = 96;

/** `items` map what the shop sells to products of this site; anything else has no product here. */
export const pretixSig1 = (items: readonly PretixItem[]): TokenVerifier<ParsedPretix> => ({
  id: 'pretix_sig1',
  holderSigned: false,
  probe,
  unwrap,
  parse,
  admit,
  prove: (parsed, context) => prove(parsed, context, items),
});

/** Backwards, "AQ" comes last: version 1 and a payload below 4,096 bytes. */
const probe = (raw: Bytes): boolean =>
  raw.length >= shortestText && raw.length % 4 === 0 && raw.at(-2) === 0x51 && raw.at(-1) === 0x41;

/** Canonical only: decoders skip foreign characters and spare bits, which would give one ticket many texts. */
function unwrap(raw: Bytes): Unwrapped {
  if (raw.length > pretixBounds.textCharacters) return malformed('too long');
  const text = Buffer.from(raw).reverse().toString('latin1');
  const evidence = new Uint8Array(Buffer.from(text, 'base64'));
  return equal(utf8(Buffer.from(evidence).toString('base64')), utf8(text))
    ? { ok: true, evidence }
    : malformed('not canonical Base64 written backwards');
}

/** version 1 B | payload length u16 | signature length u16 | payload | signature; big-endian. */
function parse(evidence: Bytes): Parsing<ParsedPretix> {
  if (evidence.length < headLength || evidence[0] !== version) return malformed('not version 1');
  const view = new DataView(evidence.buffer, evidence.byteOffset, evidence.length);
  const payloadLength = view.getUint16(1);
  const fits =
    view.getUint16(3) === signatureLength && evidence.length === headLength + payloadLength + signatureLength;
  if (!fits) return malformed('lengths do not add up');
  const payload = evidence.subarray(headLength, headLength + payloadLength);
  const ticket = readSignedTicket(payload);
  if (ticket === null || ticket.seed === '') return malformed('not a signed ticket');
  if (ticket.validFrom > withoutEnd || ticket.validUntil > withoutEnd) return malformed('a time beyond 32 bits');
  return {
    ok: true,
    parsed: {
      format: 'pretix_sig1',
      kind: 'ticket',
      issuer: null,
      digest: sha256(payload),
      ticket,
      payload,
      signature: evidence.subarray(headLength + payloadLength),
      evidence,
    },
  };
}

function admit(parsed: ParsedPretix, context: VerifyContext): Admission {
  const unknown = checkWord('issuerOrKeyUnknown');
  const records = context.trust.issuersOf('pretix_sig1');
  if (records.length === 0) return refused('UNKNOWN_ISSUER', 'no issuer of this format', unknown);
  const keys = ticketKeys(context);
  if (keys.length === 0) return refused('UNKNOWN_KEY', 'no key for tickets', unknown);
  if (liveKeys(context).length === 0) return refused('KEY_EXPIRED', 'every key is withdrawn', checkWord('keyExpired'));
  const { validFrom, validUntil } = parsed.ticket;
  return admitWindow({ kind: 'ticket', iat: 0, nbf: validFrom, exp: endOf(validUntil) }, context.now, context.limits);
}

function prove(parsed: ParsedPretix, context: VerifyContext, items: readonly PretixItem[]): Proof {
  const signer = liveKeys(context).find(
    ({ key }) => key.key !== null && signatureHolds(algorithms.EdDSA, key.key, parsed.payload, parsed.signature),
  );
  if (!signer) return refused('BAD_SIGNATURE', 'issuer', checkWord('issuerSignature'));
  const { record, key } = signer;
  const { ticket } = parsed;
  const here = items.find((item) => matches(item, ticket)) ?? null;
  const exp = endOf(ticket.validUntil);
  return {
    ok: true,
    outcome: frozenOutcome({
      format: 'pretix_sig1',
      issuer: record.iss,
      kid: key.kid,
      kind: 'ticket',
      subject: null,
      cti: tokenId(parsed.evidence),
      iat: unixSeconds(0),
      nbf: ticket.validFrom === 0 ? null : unixSeconds(ticket.validFrom),
      exp,
      freshUntil: exp,
      presentation: null,
      limits: {
        fareCapMinor: null,
        currency: record.currency,
        uses: 1,
        site: here?.site ?? null,
        gates: null,
        product: here?.product ?? null,
        loanMaxSeconds: null,
        depositMinor: null,
      },
      scope: key.scope,
      status: null,
      language: null,
      digest: parsed.digest,
      evidence: parsed.evidence,
    }),
  };
}

interface Signer {
  readonly record: IssuerRecord;
  readonly key: IssuerKey;
}

const ticketKeys = ({ trust }: VerifyContext): readonly Signer[] =>
  trust
    .issuersOf('pretix_sig1')
    .flatMap((record) => [...record.keys.values()].map((key) => ({ record, key })))
    .filter(({ key }) => key.alg === algorithms.EdDSA && (key.kinds & kindBits.ticket) !== 0)
    .slice(0, pretixBounds.keys);

/** A ticket says nothing of when it was issued, so only the withdrawal of a key can bind. */
function liveKeys(context: VerifyContext): readonly Signer[] {
  const { floor, latest } = seconds(context.now);
  const at = context.now.state === 'UNTRUSTED' ? floor : latest;
  return ticketKeys(context).filter(({ key }) => key.gone > at);
}

const matches = (here: PretixItem, { item, variation, subevent }: SignedTicket): boolean =>
  here.item === item &&
  (here.variation === null || here.variation === variation) &&
  (here.subevent === null || here.subevent === subevent);

/** First 16 bytes of SHA-256 over the text as it is shown. The issuer hashes revoked codes the same way. */
const tokenId = (evidence: Bytes): Bytes =>
  sha256(new Uint8Array(Buffer.from(Buffer.from(evidence).toString('base64')).reverse())).subarray(0, 16);

const endOf = (validUntil: number): UnixSeconds => (validUntil === 0 ? withoutEnd : unixSeconds(validUntil));
const sha256 = (bytes: Bytes): Bytes => new Uint8Array(createHash('sha256').update(bytes).digest());
