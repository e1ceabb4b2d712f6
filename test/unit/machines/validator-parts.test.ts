// The validator's small parts: words for people, memory of an account, check words and masks.
import { describe, expect, test } from 'vitest';
import { monoMs, unixSeconds, wallMs } from '../../../runtime/core/brand.ts';
import { fromHex } from '../../../runtime/core/bytes.ts';
import { encodeCbor } from '../../../runtime/core/cbor.ts';
import { checkWord, hasCheck } from '../../../runtime/core/check-words.ts';
import { messages, wordsFor } from '../../../runtime/machines/shared/messages.ts';
import {
  type AccountMemory,
  accountKey,
  decodeAccountMemory,
  encodeAccountMemory,
} from '../../../runtime/machines/validator/account-memory.ts';
import { mayForget, memoryKeepMs } from '../../../runtime/machines/validator/forgetting.ts';
import { decodeTrip } from '../../../runtime/machines/validator/trip.ts';
import { reasonCodes } from '../../../runtime/records/reasons.ts';
import { maskedReason, needsReview, openMasks } from '../../../runtime/rules/risk-masks.ts';
import { accountOf, Bus } from '../../scenario/validator-bus.ts';

const tx = (n: number): Uint8Array => new Uint8Array(16).fill(n);
const memory: AccountMemory = {
  tx: tx(1),
  trip: tx(2),
  bootId: tx(3),
  monoMs: monoMs(5_000),
  wallMs: wallMs(1_767_600_000_000),
  visit: 4,
  ridersInVisit: 2,
  offline: { taps: 3, spendMinor: 600, ackedSeq: -1 },
  stale: { taps: 1, spendMinor: 200, listIssuedAt: 1_767_500_000 },
  presentedAt: 1_767_600_000,
  untrustedBootId: null,
};

describe('the words for a reason', () => {
  const kinds = ['validator', 'gateLane', 'cabinet'] as const;
  test.each(reasonCodes)('%s fits two lines of the screen, without and with a time', (reason) => {
    const said = kinds.flatMap((machine) => [wordsFor(machine, reason, null), wordsFor(machine, reason, '10:42')]);
    for (const { en, zh } of said) {
      expect(en).toMatch(/^[A-Za-z][A-Za-z0-9 ,:]{1,39}$/);
      expect(zh.length).toBeGreaterThan(1);
      expect(zh.length).toBeLessThanOrEqual(16);
    }
  });

  test('give green to nothing but OK and REPEAT', () => {
    const green = reasonCodes.filter((reason) => ['accepted', 'repeat'].includes(messages[reason].cue));
    expect(green).toEqual(['OK', 'REPEAT']);
  });

  test('name the time of the earlier ride', () => {
    expect(wordsFor('validator', 'PASSBACK', '10:42').en).toBe('Already used 10:42');
    expect(wordsFor('validator', 'PASSBACK', null).en).toBe('Already used');
  });

  test('name the time from which a code is good, or until when it was', () => {
    expect(wordsFor('gateLane', 'NOT_YET_VALID', '11:00')).toEqual({ en: 'Valid from 11:00', zh: '11:00起可用' });
    expect(wordsFor('gateLane', 'NOT_YET_VALID', null)).toEqual({ en: 'Not valid yet', zh: '尚未生效' });
    expect(wordsFor('gateLane', 'EXPIRED', '12:00')).toEqual({ en: 'Valid until 12:00', zh: '12:00已截止' });
    expect(wordsFor('gateLane', 'EXPIRED', null)).toEqual({ en: 'No longer valid', zh: '已截止' });
  });
});

describe('the memory of an account', () => {
  test('survives its bytes', () => {
    expect(decodeAccountMemory(encodeAccountMemory(memory))).toEqual(memory);
    const again = { ...memory, visit: null, untrustedBootId: tx(9) };
    expect(decodeAccountMemory(encodeAccountMemory(again))).toEqual(again);
  });

  test.each([
    { name: 'nothing', bytes: new Uint8Array() },
    { name: 'another item', bytes: encodeCbor(7) },
    { name: 'a short array', bytes: encodeCbor([tx(1)]) },
    { name: 'fields of other types', bytes: encodeCbor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) },
    { name: 'counters of two', bytes: encodeCbor([tx(1), tx(2), tx(3), 1, 1, null, 1, [1, 2], [1, 2, 3], 0, null]) },
  ])('is refused as $name', ({ bytes }) => {
    expect(() => decodeAccountMemory(bytes)).toThrow(expect.objectContaining({ code: 'CBOR_MALFORMED' }));
    expect(() => decodeTrip(bytes)).toThrow(expect.objectContaining({ code: 'CBOR_MALFORMED' }));
  });

  test('is kept under issuer and account together', () => {
    const alder = accountOf('alder');
    expect(accountKey('metro', alder)).not.toEqual(accountKey('rail', alder));
    expect(accountKey('metro', fromHex('0102030405060708'))).toEqual(fromHex('82656d6574726f480102030405060708'));
  });

  describe('may go', () => {
    const bus = new Bus('forgetting');
    bus.openTrip();
    const facts = { ...bus.facts(null), ackedSeq: 10 };
    const later = { ...facts, moment: { ...facts.moment, wallMs: wallMs(memory.wallMs + memoryKeepMs) } };

    test.each([
      { name: 'two hours after a ride that is settled', memory, facts: later, goes: true },
      {
        name: 'not before',
        memory,
        facts: { ...later, moment: { ...later.moment, wallMs: wallMs(memory.wallMs + memoryKeepMs - 1) } },
        goes: false,
      },
      {
        name: 'not while the clock is untrusted',
        memory,
        facts: { ...later, moment: { ...later.moment, state: 'UNTRUSTED' as const } },
        goes: false,
      },
      {
        name: 'not while the head end has not stored its rides',
        memory,
        facts: { ...later, ackedSeq: null },
        goes: false,
      },
      {
        name: 'not while the same old list is in force',
        memory,
        facts: { ...later, lists: { ...later.lists, denyIssuedAt: unixSeconds(1_767_500_000) } },
        goes: false,
      },
      {
        name: 'not in the boot of a ride with an untrusted clock',
        memory: { ...memory, untrustedBootId: facts.bootId },
        facts: later,
        goes: false,
      },
    ])('$name', ({ memory, facts, goes }) => {
      expect(mayForget(memory, bus.state, facts)).toBe(goes);
    });

    test('not on the trip that is open', () => {
      const { service } = bus.state;
      if (service.kind !== 'open') throw new Error('no open trip');
      expect(mayForget({ ...memory, trip: service.trip.tx }, bus.state, later)).toBe(false);
    });
  });
});

describe('check words and masks', () => {
  test('set the bits of their names', () => {
    expect(checkWord('malformed', 'terminalOffline')).toBe(0x800001);
    expect(hasCheck(0x800001, 'terminalOffline')).toBe(true);
    expect(hasCheck(0x800001, 'denied')).toBe(false);
  });

  const old = checkWord('listsPastSoftAge');
  test.each([
    { name: 'open masks refuse nothing', masks: openMasks, found: 0x00ff_ffff, offline: true, is: null },
    {
      name: 'DENY refuses online too',
      masks: { ...openMasks, deny: old },
      found: old,
      offline: false,
      is: 'LISTS_TOO_OLD',
    },
    {
      name: 'DENY_IF_OFFLINE is silent online',
      masks: { ...openMasks, denyIfOffline: old },
      found: old,
      offline: false,
      is: null,
    },
    {
      name: 'DENY_IF_OFFLINE refuses offline',
      masks: { ...openMasks, denyIfOffline: old },
      found: old,
      offline: true,
      is: 'LISTS_TOO_OLD',
    },
    {
      name: 'a mask on a bit that always refuses says nothing',
      masks: { ...openMasks, deny: checkWord('denied') },
      found: checkWord('denied'),
      offline: true,
      is: null,
    },
  ])('$name', ({ masks, found, offline, is }) => {
    expect(maskedReason(masks, found, offline)).toBe(is);
  });

  test('REVIEW only marks', () => {
    const masks = { ...openMasks, review: old };
    expect(needsReview(masks, old)).toBe(true);
    expect(needsReview(masks, checkWord('accountFirstSeen'))).toBe(false);
    expect(maskedReason(masks, old, true)).toBeNull();
  });
});
