// Tickets of the format pretix_sig1: one text per ticket, no key or issuer named, items mapped to products.
import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { concat, hex, utf8 } from '../../../runtime/core/bytes.ts';
import { pretixSig1 } from '../../../runtime/tokens/pretix/pretix-sig1.ts';
import { readSignedTicket } from '../../../runtime/tokens/pretix/protobuf.ts';
import { type ShopTicket, TicketShop } from '../../../simulators/issuer/ticket-shop.ts';
import { at } from '../../fixtures/hand-made-codes.ts';
import { issuerContent, verdictOf as judge, moment, trustView } from '../../fixtures/token-world.ts';

const shop = new TicketShop('museum-shop');
const otherShop = new TicketShop('other-shop');
const stranger = new TicketShop('stranger');
const trust = trustView({
  issuers: [issuerContent(), shop.trustRecord(unixSeconds(at)), otherShop.trustRecord(unixSeconds(at))],
});
const format = pretixSig1([
  { item: 12, variation: null, subevent: null, product: 3, site: 7 },
  { item: 13, variation: 2, subevent: 5, product: 4, site: 7 },
]);
const ticket: ShopTicket = { seed: 'w2a8h3', item: 12 };
const verdictOf = (text: string, view = trust) => judge(utf8(text), { now: moment(), trust: view, formats: [format] });
const reasonOf = (text: string, view = trust): string => {
  const verdict = verdictOf(text, view);
  return verdict.accepted ? 'OK' : verdict.reason;
};
const backwards = (bytes: Uint8Array): string =>
  Buffer.from(Buffer.from(bytes).toString('base64')).reverse().toString();
const forwards = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(Buffer.from(text).reverse().toString(), 'base64'));
function signedPayload(payload: Uint8Array): string {
  const head = Uint8Array.of(1, payload.length >> 8, payload.length & 0xff, 0, 64);
  return backwards(concat(head, payload, new Uint8Array(sign(null, payload, shop.key.privateKey))));
}

describe('a pretix_sig1 ticket', () => {
  it('names product and site of its item; the key that verifies names the issuer', () => {
    expect(verdictOf(shop.sell(ticket))).toMatchObject({
      accepted: true,
      outcome: {
        format: 'pretix_sig1',
        issuer: 'museum-shop',
        kind: 'ticket',
        subject: null,
        limits: { product: 3, site: 7, uses: 1 },
      },
    });
    expect(verdictOf(otherShop.sell(ticket))).toMatchObject({ outcome: { issuer: 'other-shop' } });
  });

  it('of a payload longer than 255 bytes is read whole', () => {
    expect(reasonOf(shop.sell({ ...ticket, seed: 'x'.repeat(270) }))).toBe('OK');
  });

  it.each([
    { sold: { seed: 's', item: 13, variation: 2, subevent: 5 }, product: 4 },
    { sold: { seed: 's', item: 13, variation: 3, subevent: 5 }, product: null },
    { sold: { seed: 's', item: 99 }, product: null },
  ])('item $sold.item, variation $sold.variation is product $product', ({ sold, product }) => {
    const verdict = verdictOf(shop.sell(sold));
    expect(verdict.accepted && verdict.outcome.limits.product).toBe(product);
  });

  it.each([
    { what: 'it is not valid yet', text: () => shop.sell({ ...ticket, validFrom: at + 1 }), reason: 'NOT_YET_VALID' },
    { what: 'it is valid from now', text: () => shop.sell({ ...ticket, validFrom: at }), reason: 'OK' },
    { what: 'it has ended', text: () => shop.sell({ ...ticket, validUntil: at }), reason: 'EXPIRED' },
    { what: 'it ends in a second', text: () => shop.sell({ ...ticket, validUntil: at + 1 }), reason: 'OK' },
    { what: 'nobody trusted signed it', text: () => stranger.sell(ticket), reason: 'BAD_SIGNATURE' },
    {
      what: 'its text runs forwards',
      text: () => Buffer.from(shop.sell(ticket)).reverse().toString(),
      reason: 'UNSUPPORTED_FORMAT',
    },
    {
      what: 'a letter is foreign',
      text: () => `-${shop.sell({ ...ticket, seed: 'abcdefg' }).slice(1)}`,
      reason: 'MALFORMED',
    },
    {
      what: 'the signature length lies',
      text: () => backwards(changed(forwards(shop.sell(ticket)), 4)),
      reason: 'MALFORMED',
    },
    {
      what: 'the payload length lies',
      text: () => backwards(changed(forwards(shop.sell(ticket)), 2)),
      reason: 'MALFORMED',
    },
    {
      what: 'the item was changed',
      text: () => backwards(changed(forwards(shop.sell(ticket)), 14)),
      reason: 'BAD_SIGNATURE',
    },
    {
      what: 'it has no seed',
      text: () => signedPayload(Uint8Array.of(0x10, 12, ...new Array<number>(28).fill(0x10))),
      reason: 'MALFORMED',
    },
    {
      what: 'a time goes beyond 32 bits',
      text: () => shop.sell({ ...ticket, validUntil: 2 ** 33 }),
      reason: 'MALFORMED',
    },
  ])('is $reason when $what', ({ text, reason }) => {
    expect(reasonOf(text())).toBe(reason);
  });

  it('has one text: another spelling of the same bytes is refused, so that it cannot be used twice', () => {
    const good = shop.sell({ ...ticket, seed: 'padding' });
    const spare = Buffer.from(good).reverse().toString();
    expect(spare.endsWith('=')).toBe(true);
    const last = spare.at(spare.indexOf('=') - 1) ?? '';
    const twin = spare.replace(`${last}=`, `${String.fromCharCode(last.charCodeAt(0) + 1)}=`);
    expect(hex(new Uint8Array(Buffer.from(twin, 'base64')))).toBe(hex(new Uint8Array(Buffer.from(spare, 'base64'))));
    expect(reasonOf(good)).toBe('OK');
    expect(reasonOf(Buffer.from(twin).reverse().toString())).toBe('MALFORMED');
  });

  it('is UNKNOWN_ISSUER without an issuer of the format, KEY_EXPIRED once every key is withdrawn', () => {
    expect(reasonOf(shop.sell(ticket), trustView())).toBe('UNKNOWN_ISSUER');
    const record = shop.trustRecord(unixSeconds(at));
    const gone = { ...record, keys: record.keys.map((key) => ({ ...key, gone: unixSeconds(at) })) };
    expect(reasonOf(shop.sell(ticket), trustView({ issuers: [gone] }))).toBe('KEY_EXPIRED');
  });
});

describe('the payload of a signed ticket', () => {
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

  it.each([
    {
      what: 'all fields',
      text: '0a 01 61 10 01 18 02 20 03 28 04 30 05',
      read: { item: 1, variation: 2, subevent: 3, validFrom: 4, validUntil: 5 },
    },
    { what: 'the last value of a field', text: '0a 01 61 10 01 10 ac 02', read: { item: 300 } },
    {
      what: 'unknown fields skipped',
      text: '0a 01 61 3a 02 ff ff 40 01 49 0000000000000000 55 00000000 10 07',
      read: { item: 7 },
    },
  ])('reads $what', ({ text, read }) => {
    expect(readSignedTicket(bytes(text))).toMatchObject({ seed: 'a', ...read });
  });

  it.each([
    { what: 'a varint without end', text: '10 ffffffffffffffffffffff' },
    { what: 'a number beyond 2^53', text: '10 ffffffffffffffffff 01' },
    { what: 'a text that runs over the end', text: '0a 05 61' },
    { what: 'text that is not UTF-8', text: '0a 01 ff' },
    { what: 'a group', text: '13' },
    { what: 'field 0', text: '00 00' },
    { what: 'half a fixed number', text: '55 0000' },
  ])('refuses $what', ({ text }) => {
    expect(readSignedTicket(bytes(text))).toBeNull();
  });
});

function changed(bytes: Uint8Array, index: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}
