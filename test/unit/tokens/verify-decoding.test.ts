// Steps 1 and 2: hostile bytes are answered before any look-up and any cryptography, and by the right word:
// MALFORMED for a damaged code of ours, UNSUPPORTED_FORMAT for what is not ours.
import { describe, expect, it } from 'vitest';
import { fromHex, utf8 } from '../../../runtime/core/bytes.ts';
import { checkWord } from '../../../runtime/core/check-words.ts';
import type { ReplayLookup } from '../../../runtime/tokens/replay-ring.ts';
import type { TrustView } from '../../../runtime/tokens/trust-view.ts';
import { codeBytesMax } from '../../../runtime/tokens/verify.ts';
import {
  array,
  asSp1,
  asSt1,
  at,
  bearer,
  bstr,
  cnf,
  cose,
  credential,
  holderP256,
  int,
  issuer,
  joined,
  map,
  payloadOf,
  presentation,
  tstr,
} from '../../fixtures/hand-made-codes.ts';
import { reasonOf, type Situation, verdictOf } from '../../fixtures/token-world.ts';

/** Whoever looks anything up has left steps 1 and 2. */
const unread = <T extends object>(): T =>
  new Proxy({} as T, {
    get: (_target, name) => {
      throw new Error(`${String(name)} was asked for before the code was read`);
    },
  });
const untouched = (): Situation => ({ trust: unread<TrustView>(), ring: unread<ReplayLookup>() });

const text = (code: Uint8Array): string => Buffer.from(code).toString();
const good = { st1: text(asSt1(bearer())), sp1: text(asSp1(presentation())) };
const signature = new Uint8Array(64).fill(1);
const deep = (levels: number): Uint8Array =>
  levels === 0 ? int(0) : levels % 2 === 0 ? array(deep(levels - 1)) : map([1, deep(levels - 1)]);

const malformed: readonly (readonly [name: string, code: Uint8Array])[] = [
  ['a prefix alone', utf8('ST1:')],
  ['a presentation prefix alone', utf8('SP1:')],
  ['lower case', utf8(good.st1.toLowerCase())],
  ['a lower-case prefix', utf8(`st1:${good.st1.slice(4)}`)],
  ['a mixed prefix', utf8(`sP1:${good.sp1.slice(4)}`)],
  ['a byte order mark', utf8(`\ufeff${good.st1}`)],
  ['a line end', utf8(`${good.st1}\r\n`)],
  ['a trailing space', utf8(`${good.st1} `)],
  ['percent escapes', utf8(`ST1:${encodeURIComponent(good.st1.slice(4))}`)],
  ['a German keyboard', utf8(good.st1.replaceAll('Z', 'Y').replaceAll(':', 'Ö').replace('ST1Ö', 'ST1:'))],
  ['605 characters', utf8(`ST1:${'0'.repeat(601)}`)],
  [
    'UTF-16',
    new Uint8Array(Buffer.from(`ST1:${good.st1.slice(4)}`, 'utf16le')).filter((byte, at) =>
      at < 8 ? byte !== 0 : true,
    ),
  ],
  ['no CBOR', utf8('ST1:BB8')],
  ['an empty item', asSt1(new Uint8Array(0))],
  ['an envelope with trailing bytes', asSt1(joined(bearer(), fromHex('00')))],
  ['an envelope cut short', asSt1(bearer().subarray(0, -1))],
  ['a tagged envelope', asSt1(joined(fromHex('d2'), bearer()))],
  ['an indefinite array', asSt1(joined(fromHex('9f'), bearer().subarray(1), fromHex('ff')))],
  ['a payload of nothing', asSt1(cose(new Uint8Array(0)))],
  ['a payload of two items', asSt1(cose(joined(payloadOf('bearer'), int(0))))],
  ['a payload with keys in another order', asSt1(cose(map([4, int(at)], [1, tstr('metro1')])))],
  ['a payload with a key twice', asSt1(cose(map([1, tstr('metro1')], [1, tstr('metro1')])))],
  ['a payload with a long head', asSt1(cose(map([1, joined(fromHex('7806'), utf8('metro1'))])))],
  ['a payload with a float', asSt1(cose(payloadOf('bearer', { payload: { 6: fromHex('f93c00') } })))],
  ['a payload with null', asSt1(cose(payloadOf('bearer', { payload: { 6: fromHex('f6') } })))],
  ['a payload with a tag', asSt1(cose(payloadOf('bearer', { payload: { 6: fromHex('c11a695b6ec0') } })))],
  ['a payload with text keys', asSt1(cose(fromHex('a1616101')))],
  ['a payload of seven levels', asSt1(cose(payloadOf('bearer', { app: { 5: deep(5) } })))],
  ['a payload of 65 items', asSt1(cose(array(...Array<Uint8Array>(64).fill(int(0)))))],
  ['an account with a ticket claim', asSt1(credential({ payload: { 7: bstr(new Uint8Array(8)) } }))],
  ['an envelope for a presentation', asSp1(bearer())],
  ['a presentation for an envelope', asSt1(presentation())],
  ['a presentation of two parts', asSp1(array(bstr(credential()), bstr(array(int(at), int(1)))))],
  ['a presentation of four', asSp1(array(bstr(credential()), bstr(array(int(at), int(1))), bstr(signature), int(0)))],
  [
    'a presentation with a short signature',
    asSp1(array(bstr(credential()), bstr(array(int(at), int(1))), bstr(signature.subarray(1)))),
  ],
  ['a presentation that is not wrapped', asSp1(array(bstr(credential()), array(int(at), int(1)), bstr(signature)))],
  ['a P of three', asSp1(presentation({ p: array(int(at), int(1), int(2)) }))],
  ['a P of one', asSp1(presentation({ p: array(int(at)) }))],
  ['a P that is a map', asSp1(presentation({ p: map([1, int(at)]) }))],
  ['a P with a negative counter', asSp1(presentation({ counter: -1 }))],
  ['a P with a counter of 33 bits', asSp1(presentation({ counter: 2 ** 32 }))],
  ['a P with a time of 33 bits', asSp1(presentation({ iat: 2 ** 32 }))],
  ['a P with a text', asSp1(presentation({ p: array(tstr('now'), int(1)) }))],
  ['a P with a long head', asSp1(presentation({ p: joined(fromHex('82'), int(at), fromHex('1801')) }))],
  ['a P with trailing bytes', asSp1(presentation({ p: joined(array(int(at), int(1)), int(0)) }))],
  ['a P of nothing', asSp1(presentation({ p: new Uint8Array(0) }))],
  ['a presentation of a bearer code', asSp1(presentation({ credential: bearer() }))],
  ['a presentation of a ticket', asSp1(presentation({ credential: cose(payloadOf('ticket')) }))],
  ['a credential of 193 bytes', asSp1(presentation({ credential: credentialOf(193) }))],
];

describe('a damaged code of ours', () => {
  it.each(malformed)('%s is MALFORMED', (_name, code) => {
    expect(verdictOf(code, untouched())).toMatchObject({
      accepted: false,
      reason: 'MALFORMED',
      done: checkWord('malformed'),
      found: checkWord('malformed'),
      issuer: null,
      digest: null,
      outcome: null,
    });
  });
});

describe('what is not ours', () => {
  const es384 = map([1, int(-35)], [4, bstr(issuer.kid)]);
  it.each([
    ['nothing', new Uint8Array(0)],
    ['a web address', utf8('https://example.org/ticket')],
    ['another prefix', utf8(`ST2:${good.st1.slice(4)}`)],
    ['a prefix without its colon', utf8(good.st1.replace(':', ''))],
    ['a prefix behind a space', utf8(` ${good.st1}`)],
    ['binary', Uint8Array.of(0, 1, 2, 3, 4)],
    ['another kind', asSt1(bearer({ app: { 0: int(9) } }))],
    ['another kind in a presentation', asSp1(presentation({ credential: credential({ app: { 0: int(9) } }) }))],
    ['another algorithm', asSt1(cose(payloadOf('bearer'), issuer, { header: es384 }))],
  ])('%s is UNSUPPORTED_FORMAT', (_name, code) => {
    expect(verdictOf(code, untouched())).toMatchObject({ reason: 'UNSUPPORTED_FORMAT', found: 0 });
  });
});

describe('the bounds', () => {
  it('604 characters are read: 400 bytes of an item that is none of ours', () => {
    const largest = bstr(new Uint8Array(397));
    const code = asSt1(largest);
    expect([largest.length, code.length]).toEqual([400, 604]);

    expect(verdictOf(code)).toMatchObject({ reason: 'MALFORMED', detail: 'not a native COSE_Sign1' });
    expect(verdictOf(joined(code, utf8('0')))).toMatchObject({ detail: 'longer than 604 characters' });
  });

  it(`${codeBytesMax} bytes are asked about, one more is not`, () => {
    const asked: number[] = [];
    const counting = { id: 'st1', probe: (raw: Uint8Array) => asked.push(raw.length) === 0 } as never;

    expect(reasonOf(new Uint8Array(codeBytesMax), { formats: [counting] })).toBe('UNSUPPORTED_FORMAT');
    expect(reasonOf(new Uint8Array(codeBytesMax + 1), { formats: [counting] })).toBe('MALFORMED');
    expect(asked).toEqual([codeBytesMax]);
  });

  it('a credential of 192 bytes is read', () => {
    const largest = credentialOf(192);

    expect(largest.length).toBe(192);
    expect(reasonOf(asSp1(presentation({ credential: largest, holder: holderP256 })))).toBe('UNKNOWN_ISSUER');
  });

  it('the codes of this table are what they claim to be: without their fault they are good', () => {
    expect([reasonOf(utf8(good.st1)), reasonOf(utf8(good.sp1))]).toEqual(['OK', 'OK']);
    expect(reasonOf(asSp1(presentation({ p: array(int(at), int(1)) })))).toBe('OK');
  });
});

/** A credential padded by its issuer's name and its numbers: 112 bytes of payload at most. */
function credentialOf(bytes: number): Uint8Array {
  const app = { 2: int(10_000_000), 4: int(2 ** 31 - 1), 5: int(65_535) };
  const base = credential({ payload: { 8: cnf(holderP256) }, app });
  const padding = bytes - base.length;
  if (padding === 0) return base;
  return credential({ payload: { 1: tstr(`metro1${'x'.repeat(padding)}`), 8: cnf(holderP256) }, app });
}
