// The deny list: when an entry is in force, and that memory, snapshot and exact row agree.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { fromHex, hex } from '../../../runtime/core/bytes.ts';
import { type CborInput, encodeCbor } from '../../../runtime/core/cbor.ts';
import type { Moment } from '../../../runtime/core/trusted-time.ts';
import {
  type DenyEntry,
  DenyIndex,
  decodeDenySnapshot,
  denies,
  denyBounds,
  encodeDenySnapshot,
} from '../../../runtime/tokens/deny.ts';
import { account, array, asSt1, at, bearer, bstr, cti, int, tstr } from '../../fixtures/hand-made-codes.ts';
import { denyEntry, denyList, moment, verdictOf } from '../../fixtures/token-world.ts';

const seed = 7;
const certainly = (denied: boolean) => ({ denied, certain: true });
const perhaps = (denied: boolean) => ({ denied, certain: false });
const holdover = moment(0, { state: 'HOLDOVER', uncertaintyMs: 10_000 });
const untrusted = moment(0, { state: 'UNTRUSTED', uncertaintyMs: 300_000 });

describe('an entry is in force', () => {
  const judged = (change: Partial<DenyEntry>, now: Moment = moment(), iat = at) =>
    denies(denyEntry(1, account, change), unixSeconds(iat), now);

  it.each([
    ['without any limit', {}, moment(), certainly(true)],
    ['from its begin', { begin: at }, moment(), certainly(true)],
    ['not a second before it', { begin: at + 1 }, moment(), certainly(false)],
    ['up to its end', { end: at + 1 }, moment(), certainly(true)],
    ['not in the second it ends', { end: at }, moment(), certainly(false)],
    ['where it may have begun', { begin: at + 10 }, holdover, perhaps(true)],
    ['not where it cannot have begun', { begin: at + 11 }, holdover, certainly(false)],
    ['where it may not have ended', { end: at - 9 }, holdover, perhaps(true)],
    ['not where it must have ended', { end: at - 10 }, holdover, certainly(false)],
    ['well inside both', { begin: at - 100, end: at + 100 }, holdover, certainly(true)],
    ['with an untrusted clock before its begin', { begin: at + 9_999 }, untrusted, certainly(true)],
    ['with an untrusted clock after its end', { end: at - 9_999 }, untrusted, certainly(true)],
  ])('%s', (_name, change, now, answer) => {
    expect(judged(change, now)).toEqual(answer);
  });

  it.each([
    ['issued a second before it', at - 1, true],
    ['issued at it: settled, and fetched anew', at, false],
    ['issued after it', at + 1, false],
    ['of a format that does not say', 0, true],
  ])('by issuedBefore for a token %s', (_name, iat, denied) => {
    expect(judged({ issuedBefore: at }, moment(), iat)).toEqual(certainly(denied));
    expect(judged({ issuedBefore: at }, untrusted, iat)).toEqual(certainly(denied));
  });
});

describe('in a verdict', () => {
  const raw = asSt1(bearer());
  const dependent = 1 << 16;
  it('a denial that the clock decides is marked', () => {
    const verdict = verdictOf(raw, { now: holdover, deny: denyList(denyEntry(1, account, { begin: at + 5 })) });

    expect(verdict).toMatchObject({ reason: 'DENIED' });
    expect(verdict.found & dependent).toBe(dependent);
  });

  it('a certain denial beside a doubtful one is certain', () => {
    const deny = denyList(denyEntry(1, account, { begin: at + 5 }), denyEntry(2, cti));
    const now = { ...holdover, wallMs: moment(20).wallMs };

    expect(verdictOf(raw, { now, deny: denyList(denyEntry(1, account, { begin: at + 25 })) }).found & dependent).toBe(
      dependent,
    );
    expect(
      verdictOf(raw, { now, deny: denyList(denyEntry(1, account, { begin: at + 25 }), denyEntry(2, cti)) }).found &
        dependent,
    ).toBe(0);
    expect(deny.find('metro1', 2, cti)).not.toBeNull();
  });

  it('says how old the list is, and nothing before there is one', () => {
    expect(verdictOf(raw, { deny: denyList() })).toMatchObject({ denyAgeSeconds: 600 });
    expect(verdictOf(raw)).toMatchObject({ denyAgeSeconds: null });
  });

  it('shows who was denied, since every signature held', () => {
    expect(verdictOf(raw, { deny: denyList(denyEntry(1, account)) })).toMatchObject({ outcome: { subject: account } });
  });
});

describe('the index in memory', () => {
  const entry = fc.record({
    issuer: fc.constantFrom('metro1', 'metro2', 'rail'),
    type: fc.constantFrom<1 | 2>(1, 2),
    id: fc.uint8Array({ minLength: 4, maxLength: 16 }),
  });

  it(`holds what is in the list, and little else, seed ${seed}`, () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 200 }), fc.array(entry, { maxLength: 50 }), (listed, others) => {
        const index = new DenyIndex(listed);
        const names = new Set(listed.map(({ issuer, type, id }) => `${issuer}/${type}/${hex(id)}`));
        expect(index.size).toBe(listed.length);
        expect(listed.every(({ issuer, type, id }) => index.mayHold(issuer, type, id))).toBe(true);
        const wrongly = others.filter(
          ({ issuer, type, id }) => !names.has(`${issuer}/${type}/${hex(id)}`) && index.mayHold(issuer, type, id),
        );
        expect(wrongly).toEqual([]);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('tells issuers and types apart', () => {
    const index = new DenyIndex([denyEntry(1, account)]);

    expect(index.mayHold('metro1', 1, account)).toBe(true);
    expect(index.mayHold('metro1', 2, account)).toBe(false);
    expect(index.mayHold('metro2', 1, account)).toBe(false);
    expect(new DenyIndex([]).mayHold('metro1', 1, account)).toBe(false);
  });
});

describe('a snapshot', () => {
  const byHand = (...entries: readonly Uint8Array[]) => array(...entries);
  const row = (type: number, id: Uint8Array) =>
    array(tstr('metro1'), int(type), bstr(id), int(0), int(at), int(at + 9), int(2), tstr('R7'));

  it('made by hand is read, and written alike', () => {
    const bytes = byHand(row(1, account), row(2, cti));
    const entries = decodeDenySnapshot(bytes);

    expect(entries).toEqual([
      denyEntry(1, account, { begin: at, end: at + 9, why: 2, ref: 'R7' }),
      denyEntry(2, cti, { begin: at, end: at + 9, why: 2, ref: 'R7' }),
    ]);
    expect(encodeDenySnapshot([...(entries ?? [])].reverse())).toEqual(bytes);
  });

  it(`stands in the order of its encodings, seed ${seed}`, () => {
    const identity = fc.record({
      issuer: fc.stringMatching(/^[A-Za-z0-9_-]{1,16}$/),
      type: fc.constantFrom<1 | 2>(1, 2),
      id: fc.uint8Array({ minLength: 4, maxLength: 16 }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(identity, { maxLength: 30, selector: (each) => JSON.stringify(each) }),
        (identities) => {
          const entries = decodeDenySnapshot(encodeDenySnapshot(identities.map((each) => denyEntry(1, account, each))));
          const encoded = (entries ?? []).map(({ issuer, type, id }) => Buffer.from(encodeCbor([issuer, type, id])));
          expect(encoded.length).toBe(identities.length);
          expect(encoded).toEqual([...encoded].sort(Buffer.compare));
        },
      ),
      { seed, numRuns: 300 },
    );
  });

  it('of nothing is one, too', () => {
    expect(decodeDenySnapshot(byHand())).toEqual([]);
  });

  const entry = ['metro1', 1, account, 0, 0, 0, 1, 'R'] as const;
  const changed = (place: number, value: CborInput) =>
    encodeCbor([entry.map((part, nth) => (nth === place ? value : part))]);
  it.each<readonly [string, Uint8Array]>([
    ['two entries in the wrong order', byHand(row(2, cti), row(1, account))],
    ['an entry twice', byHand(row(1, account), row(1, account))],
    ['an entry of seven parts', encodeCbor([entry.slice(0, 7)])],
    ['an entry of nine parts', encodeCbor([[...entry, 0]])],
    ['an entry that is no list', encodeCbor([1])],
    ['an issuer out of the alphabet', changed(0, 'metro 1')],
    ['an issuer of no letters', changed(0, '')],
    ['type 0', changed(1, 0)],
    ['type 3', changed(1, 3)],
    ['an id of 3 bytes', changed(2, fromHex('010203'))],
    ['an id of 17 bytes', changed(2, new Uint8Array(17))],
    ['an id that is text', changed(2, 'abcdefgh')],
    ['a negative time', changed(3, -1)],
    ['a begin beyond 32 bits', changed(4, 2 ** 32)],
    ['an end that is text', changed(5, 'never')],
    ['a why that is none', changed(6, null)],
    ['a reference of 33 characters', changed(7, 'R'.repeat(33))],
    ['a map', encodeCbor({})],
    ['bytes that are no CBOR', fromHex('ff')],
    ['nothing', new Uint8Array(0)],
  ])('of %s is none', (_name, bytes) => {
    expect(decodeDenySnapshot(bytes)).toBeNull();
  });

  it(`of ${denyBounds.entriesPerSnapshot} entries is read, of one more is not`, () => {
    const many = (count: number) =>
      encodeDenySnapshot(
        Array.from({ length: count }, (_, nth) => denyEntry(1, fromHex((nth + 1).toString(16).padStart(8, '0')))),
      );

    expect(decodeDenySnapshot(many(denyBounds.entriesPerSnapshot))?.length).toBe(denyBounds.entriesPerSnapshot);
    expect(decodeDenySnapshot(many(denyBounds.entriesPerSnapshot + 1))).toBeNull();
  });
});
