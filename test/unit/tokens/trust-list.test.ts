// The document that makes a terminal believe anything else: verified whole or refused whole, and never
// exchanged for an older one.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { fromHex, hex, utf8 } from '../../../runtime/core/bytes.ts';
import { type CborInput, encodeCbor } from '../../../runtime/core/cbor.ts';
import { documentContext, noExternalData, sealCose1 } from '../../../runtime/tokens/cose.ts';
import { algorithms, sm2WithSm3 } from '../../../runtime/tokens/keys.ts';
import {
  openTrustList,
  type RootSet,
  signTrustList,
  type TrustContent,
  type TrustFloor,
  trustBounds,
} from '../../../runtime/tokens/trust-list.ts';
import {
  array,
  at,
  bstr,
  ed25519Pair,
  int,
  issuer,
  issuerP256,
  joined,
  protectedHeader,
  root,
  signed,
  sigStructure,
  stranger,
  tstr,
} from '../../fixtures/hand-made-codes.ts';
import { issuerContent, keyContent, rootSigner, roots, trustContent } from '../../fixtures/token-world.ts';

const list = (change: Partial<TrustContent> = {}) => signTrustList(trustContent(change), rootSigner);
const open = (bytes: Uint8Array, stored: TrustFloor | null = null, pinned: RootSet = roots) =>
  openTrustList(bytes, 'metro', pinned, stored);
const refusal = (bytes: Uint8Array, stored: TrustFloor | null = null, pinned: RootSet = roots) => {
  const opened = open(bytes, stored, pinned);
  return opened.ok ? 'OK' : opened.refusal;
};
function floorOf(bytes: Uint8Array): TrustFloor {
  const opened = open(bytes);
  if (!opened.ok) throw new Error(opened.detail);
  return opened.floor;
}
const sm2Base = fromHex('0232c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7');

/** A text-keyed map by hand: keys sorted as encoded. */
const record = (fields: Readonly<Record<string, Uint8Array>>): Uint8Array => {
  const entries = Object.entries(fields).map(([key, value]) => [tstr(key), value] as const);
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  return joined(Uint8Array.of(0xa0 | entries.length), ...entries.flat());
};

describe('a list made by hand', () => {
  const nil = fromHex('f6');
  const key = record({
    kid: bstr(issuer.kid),
    alg: int(-8),
    x: bstr(issuer.raw),
    kinds: int(9),
    scope: array(tstr('7')),
    from: int(at - 10),
    until: int(at + 10),
    gone: int(at + 20),
    list: tstr('metro-1'),
  });
  const metro = record({
    iss: tstr('metro1'),
    name: tstr('Metro'),
    cur: tstr('EUR'),
    fmt: tstr('st1'),
    keys: array(key),
    lim: record({ life: record({ A: int(86_400), S: int(60) }), age: int(25), cap: nil }),
  });
  const body = record({
    gen: int(1),
    roots: array(),
    keys: array(array(bstr(stranger.kid), bstr(stranger.raw), int(37), int(at), int(at + 5))),
    issuers: array(metro),
    seal: bstr(new Uint8Array(32).fill(3)),
  });
  const payload = record({
    k: tstr('trust'),
    o: tstr('metro'),
    tgt: tstr('*'),
    v: int(7),
    iat: int(at),
    exp: int(at + 9),
    body,
  });
  const signature = signed(root, sigStructure(protectedHeader(root), utf8('stile/trust/1'), payload));
  const bytes = array(bstr(protectedHeader(root)), Uint8Array.of(0xa0), bstr(payload), bstr(signature));

  it('is understood field by field', () => {
    const opened = open(bytes);
    if (!opened.ok) throw new Error(`${opened.refusal}: ${opened.detail}`);
    const { view } = opened;

    expect(view).toMatchObject({ gen: 1, version: 7, iat: at, exp: at + 9, seal: new Uint8Array(32).fill(3) });
    expect(view.documentKey(stranger.kid)).toMatchObject({ uses: 37, from: at, until: at + 5 });
    expect(view.documentKey(issuer.kid)).toBeNull();
    expect(view.issuer('metro2')).toBeNull();
    expect(view.issuer('metro1')).toMatchObject({
      name: 'Metro',
      currency: 'EUR',
      format: 'st1',
      lifeSeconds: { account: 86_400, bearer: 60 },
      presentationMaxAgeSeconds: 25,
      fareCapMinor: null,
    });
    expect(view.issuer('metro1')?.keys.get(hex(issuer.kid))).toMatchObject({
      alg: -8,
      raw: issuer.raw,
      kinds: 9,
      scope: ['7'],
      from: at - 10,
      until: at + 10,
      gone: at + 20,
      statusList: 'metro-1',
    });
    expect(opened.floor).toEqual({
      gen: 1,
      version: 7,
      hash: new Uint8Array(createHash('sha256').update(bytes).digest()),
    });
  });
});

describe('who signed it, and for whom', () => {
  const content = trustContent();
  const strangerSigner = { alg: algorithms.EdDSA, kid: root.kid, privateKey: stranger.privateKey };

  it.each([
    ['a root that is not pinned', signTrustList(content, { ...strangerSigner, kid: stranger.kid }), 'UNKNOWN_KEY'],
    ['somebody with the name of a root', signTrustList(content, strangerSigner), 'BAD_SIGNATURE'],
    [
      'the root, as ES256',
      signTrustList(content, { alg: algorithms.ES256, kid: root.kid, privateKey: issuerP256.privateKey }),
      'BAD_SIGNATURE',
    ],
    ['the root, for another operator', list({ operator: 'rail' }), 'WRONG_OPERATOR'],
    ['the root, of a generation to come', list({ gen: 2 }), 'WRONG_GENERATION'],
    ['the root', list(), 'OK'],
  ])('%s', (_name, bytes, answer) => {
    expect(refusal(bytes)).toBe(answer);
  });

  it('the root, as a document of another kind or as a token', () => {
    const payload = encodeCbor({ k: 'trust', o: 'metro', tgt: '*', v: 7, iat: at, exp: at + 1, body: { gen: 1 } });

    expect(refusal(sealCose1(rootSigner, documentContext('fares'), payload))).toBe('BAD_SIGNATURE');
    expect(refusal(sealCose1(rootSigner, noExternalData, payload))).toBe('BAD_SIGNATURE');
  });

  it('a pinned root of small order signs nothing', () => {
    const weak: RootSet = {
      gen: 1,
      need: 1,
      keys: [{ kid: root.kid, publicKey: Uint8Array.of(1, ...new Uint8Array(31)) }],
    };

    expect(refusal(list(), null, weak)).toBe('BAD_SIGNATURE');
  });

  it('either root of two', () => {
    const second = ed25519Pair(8);
    const both: RootSet = { gen: 1, need: 1, keys: [...roots.keys, { kid: second.kid, publicKey: second.raw }] };
    const bySecond = signTrustList(trustContent(), {
      alg: algorithms.EdDSA,
      kid: second.kid,
      privateKey: second.privateKey,
    });

    expect([refusal(list(), null, both), refusal(bySecond, null, both), refusal(bySecond)]).toEqual([
      'OK',
      'OK',
      'UNKNOWN_KEY',
    ]);
  });

  it('one changed byte, in any place, ends it', () => {
    const bytes = list();
    const taken = [...bytes.keys()].filter((place) => open(bytes.with(place, (bytes[place] ?? 0) ^ 1)).ok);

    expect(taken).toEqual([]);
  });
});

describe('an older list', () => {
  const stored = floorOf(list());

  it.each([
    ['the next version', list({ version: 8 }), 'OK'],
    ['the version before', list({ version: 6 }), 'ROLLBACK'],
    ['the same version with other content', list({ exp: unixSeconds(at + 5) }), 'SPLIT_VIEW'],
  ])('%s', (_name, bytes, answer) => {
    expect(refusal(bytes, stored)).toBe(answer);
  });

  it('the same list proves freshness only', () => {
    expect(open(list(), stored)).toMatchObject({ ok: true, fresh: false });
    expect(open(list({ version: 8 }), stored)).toMatchObject({ ok: true, fresh: true });
  });

  it('a new generation may count from one again, and its predecessor is gone for good', () => {
    const pinned: RootSet = { ...roots, gen: 2 };
    const reborn = list({ gen: 2, version: 1 });
    const opened = open(reborn, stored, pinned);

    expect(opened).toMatchObject({ ok: true, fresh: true });
    expect(refusal(list({ version: 99 }), opened.ok ? opened.floor : null)).toBe('ROLLBACK');
  });
});

describe('one bad record refuses the whole list', () => {
  const smallOrder = Uint8Array.of(1, ...new Uint8Array(31));
  const badKey = (change: Parameters<typeof keyContent>[1]) => ({
    issuers: [issuerContent(), issuerContent({ iss: 'metro2', keys: [keyContent(issuer, change)] })],
  });
  const documentKey = { kid: stranger.kid, raw: stranger.raw, uses: 1, from: unixSeconds(0), until: unixSeconds(1) };
  const many = <T>(count: number, make: (nth: number) => T): readonly T[] =>
    Array.from({ length: count }, (_, nth) => make(nth));
  const numbered = (nth: number) => fromHex(nth.toString(16).padStart(8, '0'));

  it.each<readonly [string, Partial<TrustContent>]>([
    ['an issuer key of small order', badKey({ raw: smallOrder })],
    ['an issuer key of the wrong length', badKey({ raw: issuer.raw.subarray(1) })],
    ['a P-256 key off the curve', badKey({ alg: -7, raw: fromHex(`02${'00'.repeat(31)}01`) })],
    ['an Ed25519 key that is said to be P-256', badKey({ alg: -7 })],
    ['an algorithm nobody knows', badKey({ alg: -36 as never })],
    ['an SM2 key for a native issuer', badKey({ alg: sm2WithSm3, raw: sm2Base })],
    ['a kid of 3 bytes', badKey({ kid: issuer.kid.subarray(1) })],
    ['a kid twice in one issuer', { issuers: [issuerContent({ keys: [keyContent(issuer), keyContent(issuer)] })] }],
    ['an issuer twice', { issuers: [issuerContent(), issuerContent()] }],
    ['an issuer with a name out of the alphabet', { issuers: [issuerContent({ iss: 'metro 1' })] }],
    ['an issuer with a name of 17', { issuers: [issuerContent({ iss: 'x'.repeat(17) })] }],
    ['a currency of two letters', { issuers: [issuerContent({ currency: 'EU' })] }],
    ['a format nobody knows', { issuers: [issuerContent({ format: 'qr9' as never })] }],
    ['a format by the name of an inherited member', { issuers: [issuerContent({ format: 'toString' as never })] }],
    ['a presentation format as issuer format', { issuers: [issuerContent({ format: 'sp1' as never })] }],
    ['a time beyond 32 bits', badKey({ gone: unixSeconds(2 ** 32) })],
    ['a life that is negative', { issuers: [issuerContent({ lifeSeconds: { bearer: -1 } })] }],
    ['a scope that is no text', badKey({ scope: [7 as never] })],
    ['a scope of 257', badKey({ scope: many(trustBounds.scope + 1, String) })],
    [
      '17 keys of an issuer',
      { issuers: [issuerContent({ keys: many(17, (nth) => keyContent(issuer, { kid: numbered(nth) })) })] },
    ],
    ['257 issuers', { issuers: many(257, (nth) => issuerContent({ iss: `m${nth}`, keys: [] })) }],
    ['65 document keys', { documentKeys: many(65, (nth) => ({ ...documentKey, kid: numbered(nth) })) }],
    ['a document key of small order', { documentKeys: [{ ...documentKey, raw: smallOrder }] }],
    ['a document key twice', { documentKeys: [documentKey, documentKey] }],
    ['a sealing key of 31 bytes', { seal: new Uint8Array(31) }],
  ])('%s', (_name, change) => {
    expect(refusal(list(change))).toBe('BAD_RECORD');
  });

  it('as many records as are allowed are taken', () => {
    const keys = many(trustBounds.keysPerIssuer, (nth) => keyContent(issuer, { kid: numbered(nth) }));
    const issuers = [
      issuerContent({ keys }),
      ...many(trustBounds.issuers - 1, (nth) => issuerContent({ iss: `m${nth}`, keys: [] })),
    ];
    const documentKeys = many(trustBounds.documentKeys, (nth) => ({ ...documentKey, kid: numbered(nth) }));

    expect(refusal(list({ issuers, documentKeys }))).toBe('OK');
  });
});

describe('what is no list at all', () => {
  const sealed = (payload: CborInput) => sealCose1(rootSigner, documentContext('trust'), encodeCbor(payload));
  const whole = {
    k: 'trust',
    o: 'metro',
    tgt: '*',
    v: 7,
    iat: at,
    exp: at + 1,
    body: { gen: 1, roots: [], keys: [], issuers: [] },
  };

  it.each<readonly [string, CborInput, string]>([
    ['another kind', { ...whole, k: 'fares' }, 'MALFORMED'],
    ['a single target', { ...whole, tgt: 'bus-1' }, 'WRONG_OPERATOR'],
    ['no version', { ...whole, v: null }, 'MALFORMED'],
    ['a negative version', { ...whole, v: -1 }, 'MALFORMED'],
    ['a text for a time', { ...whole, iat: 'now' }, 'MALFORMED'],
    ['no body', { ...whole, body: null }, 'MALFORMED'],
    ['a body that is a list', { ...whole, body: [] }, 'MALFORMED'],
    ['no issuers', { ...whole, body: { ...whole.body, issuers: null } }, 'BAD_RECORD'],
    ['an issuer that is a text', { ...whole, body: { ...whole.body, issuers: ['metro1'] } }, 'BAD_RECORD'],
    ['a document key that is a map', { ...whole, body: { ...whole.body, keys: [{}] } }, 'BAD_RECORD'],
    ['root changes', { ...whole, body: { ...whole.body, roots: [new Uint8Array(1)] } }, 'BAD_RECORD'],
    ['a list', [whole], 'MALFORMED'],
    ['the smallest list', whole, 'OK'],
  ])('%s', (_name, payload, answer) => {
    expect(refusal(sealed(payload))).toBe(answer);
  });
});

describe('issuers of other formats', () => {
  const foreign = list({
    issuers: [
      issuerContent(),
      issuerContent({ iss: 'museum', format: 'pretix_sig1' }),
      issuerContent({
        iss: '01020304',
        format: 'jtt1179',
        keys: [keyContent(issuer, { alg: sm2WithSm3, raw: sm2Base })],
      }),
    ],
  });

  it('P-256 does not belong to pretix_sig1, nor Ed25519 to jtt1179', () => {
    expect(refusal(foreign)).toBe('BAD_RECORD');
    expect(refusal(list({ issuers: [issuerContent({ format: 'jtt1179' })] }))).toBe('BAD_RECORD');
  });

  it('are found by their format, with the key in its raw form', () => {
    const opened = open(
      list({
        issuers: [
          issuerContent(),
          issuerContent({ iss: 'museum', format: 'pretix_sig1', keys: [keyContent(issuer)] }),
          issuerContent({
            iss: '01020304',
            format: 'jtt1179',
            keys: [keyContent(issuer, { alg: sm2WithSm3, raw: sm2Base })],
          }),
        ],
      }),
    );
    if (!opened.ok) throw new Error(opened.detail);

    expect(opened.view.issuersOf('pretix_sig1').map(({ iss }) => iss)).toEqual(['museum']);
    expect([...(opened.view.issuer('01020304')?.keys.values() ?? [])]).toMatchObject([
      { alg: sm2WithSm3, key: null, raw: sm2Base },
    ]);
  });

  it('an SM2 key off its curve refuses the list', () => {
    const offCurve = fromHex(`02${'ff'.repeat(32)}`);
    const keys = [keyContent(issuer, { alg: sm2WithSm3, raw: offCurve })];

    expect(refusal(list({ issuers: [issuerContent({ format: 'jtt1179', keys })] }))).toBe('BAD_RECORD');
  });
});
