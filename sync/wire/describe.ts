// Any message as plain JSON, for people: `stile wire decode`. Shows what is said, and proves nothing about
// who said it.

import type { Bytes } from '../../runtime/core/bytes.ts';
import { hex } from '../../runtime/core/bytes.ts';
import { type CborValue, decodeCbor, documentProfile, isBytes, isMap } from '../../runtime/core/cbor.ts';
import { messageOf } from '../../runtime/core/errors.ts';
import { decodeRow, glueRow, zeroHash } from '../../runtime/records/row.ts';
import { readCose1 } from '../../runtime/tokens/cose.ts';
import { parseBatch } from './batch.ts';
import { readClaimBody } from './claim.ts';
import { parseLeaseAnswer } from './lease.ts';
import { type Parsed, refused } from './parsed.ts';
import { type Address, parseTopic } from './topics.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Byte strings become hexadecimal text. Rows of a batch are shown decoded where they can be. */
export function describeMessage(topic: string, payload: Bytes): Parsed<Json> {
  const address = parseTopic(topic);
  if (!address) return refused('the topic is none of Stile');
  try {
    return { ok: true, value: { topic: addressJson(address), message: messageJson(address, payload) } };
  } catch (error) {
    return refused(messageOf(error));
  }
}

function messageJson(address: Address, payload: Bytes): Json {
  switch (address.to) {
    case 'response':
      return address.operation === 'lease' ? answerJson(payload) : json(decodeCbor(payload, documentProfile));
    case 'tx':
      return batchJson(address.terminal, payload);
    case 'ack':
    case 'command':
    case 'trust':
    case 'deny-head':
    case 'document-head':
      return documentJson(payload);
    case 'state':
    case 'birth':
    case 'claim':
    case 'answer':
      return claimJson(payload);
    case 'request':
    case 'host-state':
      return json(decodeCbor(payload, documentProfile));
    default:
      return address satisfies never;
  }
}

/** An answer that carries a signed document beside the id of what was asked. */
function answerJson(payload: Bytes): Json {
  const message = json(decodeCbor(payload, documentProfile));
  const parsed = parseLeaseAnswer(payload);
  if (!parsed.ok || typeof message !== 'object' || message === null || Array.isArray(message)) return message;
  return { ...message, doc: documentJson(parsed.value.document) };
}

/** The envelope and what a listener can read in it: the ticket stays sealed. */
function claimJson(payload: Bytes): Json {
  const message = json(decodeCbor(payload, documentProfile));
  const body = readClaimBody(payload);
  if (!body.ok || typeof message !== 'object' || message === null || Array.isArray(message)) return message;
  return { ...message, b: json(body.value) };
}

function batchJson(terminal: string, payload: Bytes): Json {
  const message = json(decodeCbor(payload, documentProfile));
  const batch = parseBatch(payload);
  if (!batch.ok || typeof message !== 'object' || message === null || Array.isArray(message)) return message;
  const rows = batch.value.rows.map((slice) => rowJson(glueRow(terminal, batch.value.epoch, slice, zeroHash), slice));
  return { ...message, rows };
}

function rowJson(body: Bytes, slice: Bytes): Json {
  try {
    const { seq, day, type, payload, tWallMs } = decodeRow(body);
    return { seq, day, type, tWallMs, payload: objectJson(Object.entries(payload) as [string, CborValue][]) };
  } catch (error) {
    return { problem: messageOf(error), slice: hex(slice) };
  }
}

function documentJson(payload: Bytes): Json {
  const parts = readCose1(payload, documentProfile);
  if (!parts) return { problem: 'not a signed document', content: json(decodeCbor(payload, documentProfile)) };
  return {
    alg: parts.alg,
    kid: hex(parts.kid),
    payload: json(decodeCbor(parts.payload, documentProfile)),
    signature: hex(parts.signature),
  };
}

const addressJson = (address: Address): Json => objectJson(Object.entries(address));

function json(value: CborValue): Json {
  if (isBytes(value)) return hex(value);
  if (isMap(value)) return objectJson([...value].map(([key, inner]) => [String(key), inner]));
  if (Array.isArray(value)) return value.map(json);
  return value as Json;
}

/** `fromEntries` defines keys, so that a key such as __proto__ stays a key. */
const objectJson = (entries: readonly (readonly [string, CborValue])[]): Json =>
  Object.fromEntries(entries.map(([key, value]) => [key, json(value)]));
