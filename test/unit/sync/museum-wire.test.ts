// The messages of gates and cabinets: what is written is what is read, what is out of bounds is refused, and
// people can read each of them.
import { describe, expect, test } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { type CborInput, type CborValue, decodeCbor, documentProfile, encodeCbor } from '../../../runtime/core/cbor.ts';
import { ed25519Key } from '../../../runtime/tokens/keys.ts';
import { type ClaimMessage, claimLimits, openClaim, sealClaim, siteKeys } from '../../../sync/wire/claim.ts';
import {
  type Command,
  commandBody,
  encodeChallenge,
  isDangerous,
  parseChallenge,
  parseCommand,
} from '../../../sync/wire/command.ts';
import { describeMessage } from '../../../sync/wire/describe.ts';
import { type DocumentKind, sealDocument } from '../../../sync/wire/document.ts';
import {
  encodeLeaseAnswer,
  encodeLeaseRequest,
  type LeaseRequest,
  leaseBody,
  leaseLimits,
  leaseRequestAuthentic,
  parseLease,
  parseLeaseAnswer,
  parseLeaseRequest,
} from '../../../sync/wire/lease.ts';
import { siteTopics, terminalTopics } from '../../../sync/wire/topics.ts';
import { JournalKeyPair, newSigner } from '../../fixtures/sync-world.ts';

const bytes = (length: number, byte = 1): Bytes => new Uint8Array(length).fill(byte);
const travelled = (body: CborInput): CborValue => decodeCbor(encodeCbor(body), documentProfile);
const own = terminalTopics('metro', 'lane-1');
const keys = new JournalKeyPair();
const sign = (message: Bytes): Bytes => keys.sign(message);
const signed = (kind: DocumentKind, body: CborInput): Bytes => {
  const header = {
    kind,
    operator: 'metro',
    target: 'lane-1',
    version: 3,
    iat: unixSeconds(1_000),
    exp: unixSeconds(1_030),
  };
  return sealDocument(header, body, newSigner());
};

const command: Command = {
  commandId: bytes(16),
  terminal: 'lane-1',
  epoch: 4_294_967_303,
  counter: 9,
  notAfter: unixSeconds(1_030),
  act: { kind: 'hold', on: true, waitMinutes: 15 },
  nonce: null,
};
const acts: readonly (readonly [Command['act'], boolean])[] = [
  [{ kind: 'dispense', order: bytes(16, 2), slot: null, language: 'de' }, true],
  [{ kind: 'dispense', order: bytes(16, 2), slot: 7, language: 'pt-BR' }, true],
  [{ kind: 'open', direction: 'exit', reason: 'wheelchair' }, true],
  [{ kind: 'hold', on: false, waitMinutes: null }, false],
];

describe('a command', () => {
  test.each(acts)('%j is read as written', (act, dangerous) => {
    const written = { ...command, act, nonce: bytes(16, 3) };
    expect(parseCommand(travelled(commandBody(written)))).toEqual({ ok: true, value: written });
    expect(isDangerous(act)).toBe(dangerous);
  });

  test.each<readonly [string, object]>([
    ['an act nobody knows', { act: 'fly' }],
    ['an id of 15 bytes', { id: bytes(15) }],
    ['a nonce of 15 bytes', { n: bytes(15) }],
    ['counter 0', { c: 0 }],
    ['a wait of a day', { args: { on: true, wait: 1_440 } }],
    ['arguments of another act', { args: { dir: 'entry', why: 'x' } }],
    ['an end beyond the calendar', { na: 2 ** 33 }],
  ])('with %s is refused', (_what, change) => {
    const body = { ...(commandBody(command) as object), ...change } as CborInput;
    expect(parseCommand(travelled(body)).ok).toBe(false);
    expect(parseCommand(travelled(commandBody(command))).ok).toBe(true);
  });

  test('and the challenge to it can be read by people', () => {
    const challenge = { commandId: bytes(16), nonce: bytes(16, 9) };
    expect(parseChallenge(encodeChallenge(challenge))).toEqual({ ok: true, value: challenge });
    expect(describeMessage(own.request('challenge'), encodeChallenge(challenge))).toMatchObject({
      value: { topic: { operation: 'challenge' }, message: { n: '09'.repeat(16) } },
    });
    expect(describeMessage(own.command, signed('command', commandBody(command)))).toMatchObject({
      value: {
        topic: { to: 'command' },
        message: { payload: { k: 'command', body: { act: 'hold', args: { wait: 15 } } } },
      },
    });
  });
});

describe('a lease', () => {
  const request: LeaseRequest = {
    id: bytes(8),
    site: '7',
    zone: 'hall',
    want: 20,
    report: { lease: bytes(8, 2), left: 3, final: true },
    atMs: 1_767_600_000_000,
    epoch: 4_294_967_303,
    seq: 12,
  };
  const encoded = encodeLeaseRequest('metro', 'lane-1', request, sign);
  const key = ed25519Key(keys.publicKey);

  test('is asked for in words that are signed', () => {
    const parsed = parseLeaseRequest(encoded);
    if (!parsed.ok || !key) throw new Error('not parsed');
    expect(parsed.value).toMatchObject(request);
    expect(leaseRequestAuthentic('metro', 'lane-1', parsed.value, key)).toBe(true);
    expect(leaseRequestAuthentic('metro', 'lane-2', parsed.value, key)).toBe(false);
    expect(leaseRequestAuthentic('other', 'lane-1', parsed.value, key)).toBe(false);
  });

  test.each<readonly [string, Partial<LeaseRequest>]>([
    ['the id', { id: bytes(8, 9) }],
    ['the site', { site: '8' }],
    ['the zone', { zone: 'roof' }],
    ['how many', { want: 21 }],
    ['which lease is meant', { report: { lease: bytes(8, 9), left: 3, final: true } }],
    ['how many are left', { report: { lease: bytes(8, 2), left: 4, final: true } }],
    ['that it is final', { report: { lease: bytes(8, 2), left: 3, final: false } }],
    ['the time', { atMs: null }],
    ['the epoch', { epoch: 4_294_967_304 }],
    ['the row', { seq: 13 }],
  ])('the signature covers %s', (_what, change) => {
    const parsed = parseLeaseRequest(encoded);
    if (!parsed.ok || !key) throw new Error('not parsed');
    expect(leaseRequestAuthentic('metro', 'lane-1', { ...parsed.value, ...change }, key)).toBe(false);
  });

  test('is read as written, and by people', () => {
    const grant = {
      lease: bytes(8),
      site: '7',
      zone: 'hall',
      places: 20,
      expiresAt: unixSeconds(1_900),
      nowMs: 1_000_000,
    };
    expect(parseLease(travelled(leaseBody(grant)))).toEqual({ ok: true, value: grant });
    const answer = { id: bytes(8), document: signed('lease', leaseBody(grant)) };
    expect(parseLeaseAnswer(encodeLeaseAnswer(answer))).toEqual({ ok: true, value: answer });
    expect(describeMessage(own.response('lease'), encodeLeaseAnswer(answer))).toMatchObject({
      value: { message: { id: '01'.repeat(8), doc: { payload: { k: 'lease', body: { places: 20 } } } } },
    });
    expect(describeMessage(own.request('lease'), encoded)).toMatchObject({ value: { message: { want: 20 } } });
    expect(parseLease(travelled(leaseBody({ ...grant, places: leaseLimits.places + 1 }))).ok).toBe(false);
  });
});

describe('the talk of a site', () => {
  const talk = { operator: 'metro', site: '7', keys: siteKeys(bytes(32)) };
  const subject = { claimId: bytes(16), issuer: 'museum', cti: bytes(12, 4), uses: 2, validUntil: 1_900_000_000 };
  const key = ed25519Key(keys.publicKey);
  const messages: readonly ClaimMessage[] = [
    { kind: 'claim', to: 'east', atMs: 5, subject },
    { kind: 'settle', to: 'east', atMs: 5, subject, actId: bytes(8), outcome: 'exited', more: false },
    { kind: 'answer', to: 'west', claimId: bytes(16), decision: 'used', use: bytes(100) },
    { kind: 'answer', to: 'west', claimId: bytes(16), decision: 'granted', use: null },
    { kind: 'settled', to: 'west', claimId: bytes(16), actId: bytes(8) },
  ];

  test.each(messages)('$kind is read as written, by the site and under the name it was said with', (message) => {
    if (!key) throw new Error('no key');
    const payload = sealClaim(talk, 't-1', message, bytes(12), sign);
    expect(openClaim(payload, talk, 't-1', key)).toEqual({ ok: true, value: message });
    expect(openClaim(payload, talk, 't-2', key)).toEqual({ ok: false, problem: 'signature' });
    expect(openClaim(payload, { ...talk, site: '8' }, 't-1', key)).toEqual({ ok: false, problem: 'signature' });
    expect(openClaim(payload, { ...talk, operator: 'other' }, 't-1', key)).toEqual({ ok: false, problem: 'signature' });
    expect(describeMessage(siteTopics('metro', '7').claim('t-1'), payload)).toMatchObject({
      value: { topic: { sender: 't-1' }, message: { b: { k: message.kind, to: message.to } } },
    });
  });

  test('knowledge of a ticket that is too long is refused, and so is a message', () => {
    if (!key) throw new Error('no key');
    const large = {
      kind: 'answer',
      to: 'w',
      claimId: bytes(16),
      decision: 'used',
      use: bytes(claimLimits.useBytes + 100),
    } as const;
    expect(openClaim(sealClaim(talk, 't-1', large, bytes(12), sign), talk, 't-1', key).ok).toBe(false);
    expect(openClaim(bytes(claimLimits.messageBytes + 1), talk, 't-1', key)).toEqual({
      ok: false,
      problem: 'too long',
    });
  });
});
