// The small tools of a row: the reference people read aloud, the day a ride belongs to, and the sealing
// of the code it was made from.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { wallMs } from '../../../runtime/core/brand.ts';
import { hex } from '../../../runtime/core/bytes.ts';
import { BusinessCalendar } from '../../../runtime/records/business-day.ts';
import { EvidenceSealer, openEvidence, x25519PrivateKey } from '../../../runtime/records/evidence.ts';
import { normaliseReference, referenceOf } from '../../../runtime/records/reference.ts';

describe('a reference', () => {
  const some = Array.from({ length: 2_000 }, (_, seq) => referenceOf('bus-7', 2 ** 32 + 1, seq));

  it('has six characters that nobody mistakes for each other', () => {
    expect(some.filter((reference) => !/^[0-9A-HJKMNP-TV-Z]{6}$/.test(reference))).toEqual([]);
  });

  it('reaches every character of the alphabet at every place', () => {
    const reached = [0, 1, 2, 3, 4, 5].map((place) => new Set(some.map((reference) => reference[place])).size);

    expect(reached).toEqual([32, 32, 32, 32, 32, 32]);
  });

  it('depends on terminal, epoch and seq', () => {
    const references = [
      referenceOf('bus-7', 1, 1),
      referenceOf('bus-8', 1, 1),
      referenceOf('bus-7', 2, 1),
      referenceOf('bus-7', 1, 2),
    ];

    expect(new Set(references).size).toBe(4);
    expect(referenceOf('bus-7', 1, 1)).toBe(references[0]);
  });

  it.each([
    ['ab12cd', 'AB12CD'],
    ['  0OoIiLl ', '0001111'],
    ['ZZZZZZ', 'ZZZZZZ'],
  ])('typed as %j is read as %s', (typed, read) => {
    expect(normaliseReference(typed)).toBe(read);
  });

  it('that is right stays as it is', () => {
    expect(some.filter((reference) => normaliseReference(reference) !== reference)).toEqual([]);
  });
});

describe('the business day', () => {
  const table: readonly (readonly [zone: string, utc: string, day: string, why: string])[] = [
    ['Asia/Shanghai', '2026-01-05T15:59:50Z', '2026-01-05', 'ten seconds before midnight'],
    ['Asia/Shanghai', '2026-01-05T17:30:00Z', '2026-01-05', 'half past one at night belongs to yesterday'],
    ['Asia/Shanghai', '2026-01-05T20:29:59Z', '2026-01-05', 'the last second of service'],
    ['Asia/Shanghai', '2026-01-05T20:30:00Z', '2026-01-06', 'service starts at half past four'],
    ['Asia/Shanghai', '2025-12-31T20:29:59Z', '2025-12-31', 'the night of the year'],
    ['Europe/Berlin', '2026-03-29T00:59:59Z', '2026-03-28', 'the second before the clock goes forward'],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-28', 'the second after it'],
    ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-29', 'the noon of that day'],
    ['Europe/Berlin', '2026-10-25T01:30:00Z', '2026-10-24', 'the second half past two of an autumn night'],
    ['Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-25', 'the noon of that day'],
    ['America/New_York', '2026-07-05T03:00:00Z', '2026-07-04', 'the evening before, behind UTC'],
  ];

  it.each(table)('%s %s is %s: %s', (zone, utc, day) => {
    expect(new BusinessCalendar(zone).dayOf(wallMs(Date.parse(utc)))).toBe(day);
  });

  it.each([
    ['the spring night, when a clock of 04:30 comes an hour early', '2026-03-29', '2026-03-28'],
    ['the autumn night, when it comes an hour late', '2026-10-25', '2026-10-24'],
  ])('starts at 04:30 of the local clock also on %s', (_name, day, dayBefore) => {
    const calendar = new BusinessCalendar('Europe/Berlin');
    const offsetHours = day === '2026-03-29' ? 2 : 1;
    const startMs = Date.parse(`${day}T04:30:00Z`) - offsetHours * 3_600_000;

    expect(calendar.dayOf(wallMs(startMs - 1))).toBe(dayBefore);
    expect(calendar.dayOf(wallMs(startMs))).toBe(day);
  });

  it('may start at midnight', () => {
    const calendar = new BusinessCalendar('Asia/Shanghai', 0);

    expect(calendar.dayOf(wallMs(Date.parse('2026-01-05T15:59:59Z')))).toBe('2026-01-05');
    expect(calendar.dayOf(wallMs(Date.parse('2026-01-05T16:00:00Z')))).toBe('2026-01-06');
  });

  it('answers the same when time goes back a minute', () => {
    const calendar = new BusinessCalendar('Asia/Shanghai');
    const startMs = Date.parse('2026-01-05T20:30:00Z');

    expect([startMs, startMs - 1, startMs].map((time) => calendar.dayOf(wallMs(time)))).toEqual([
      '2026-01-06',
      '2026-01-05',
      '2026-01-06',
    ]);
  });
});

describe('sealed evidence', () => {
  const recipient = keyPair();
  const sealer = new EvidenceSealer(recipient.raw);
  const token = new Uint8Array(257).fill(0x5a);
  const sealed = sealer.seal(2 ** 32 + 3, 41, token);
  const flipped = Uint8Array.from(sealed, (byte, index) => (index === 100 ? byte ^ 1 : byte));

  it('opens with the key of the head end, at its own place', () => {
    expect(openEvidence(recipient.secret, sealer.publicKey, 2 ** 32 + 3, 41, sealed)).toEqual({
      ok: true,
      plaintext: token,
    });
  });

  it('is 16 bytes longer than the code and does not show it', () => {
    expect(sealed.length).toBe(token.length + 16);
    expect(hex(sealed)).not.toContain('5a5a5a5a');
  });

  it.each([
    ['another key', keyPair().secret, sealer.publicKey, 2 ** 32 + 3, 41, sealed],
    ['another ephemeral key', recipient.secret, new EvidenceSealer(recipient.raw).publicKey, 2 ** 32 + 3, 41, sealed],
    ['another seq', recipient.secret, sealer.publicKey, 2 ** 32 + 3, 42, sealed],
    ['another epoch', recipient.secret, sealer.publicKey, 2 ** 32 + 4, 41, sealed],
    ['a flipped bit', recipient.secret, sealer.publicKey, 2 ** 32 + 3, 41, flipped],
    ['a cut tail', recipient.secret, sealer.publicKey, 2 ** 32 + 3, 41, sealed.subarray(0, -1)],
    ['fewer bytes than a tag', recipient.secret, sealer.publicKey, 2 ** 32 + 3, 41, sealed.subarray(0, 15)],
    ['an ephemeral key of 31 bytes', recipient.secret, sealer.publicKey.subarray(1), 2 ** 32 + 3, 41, sealed],
    ['an ephemeral key of small order', recipient.secret, new Uint8Array(32), 2 ** 32 + 3, 41, sealed],
    ['no bytes', recipient.secret, sealer.publicKey, 2 ** 32 + 3, 41, new Uint8Array(0)],
  ])('stays shut for %s', (_name, secret, ephemeral, epoch, seq, bytes) => {
    expect(openEvidence(secret, ephemeral, epoch, seq, bytes)).toEqual({ ok: false });
  });

  it('of no bytes opens to no bytes', () => {
    const empty = sealer.seal(1, 1, new Uint8Array(0));

    expect(openEvidence(recipient.secret, sealer.publicKey, 1, 1, empty)).toEqual({
      ok: true,
      plaintext: new Uint8Array(0),
    });
  });
});

function keyPair() {
  const { privateKey } = generateKeyPairSync('x25519');
  const jwk = privateKey.export({ format: 'jwk' });
  const raw = new Uint8Array(Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url'));
  return { raw, secret: x25519PrivateKey(new Uint8Array(Buffer.from(jwk.d ?? '', 'base64url')), raw) };
}
