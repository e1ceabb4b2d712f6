// The contract of a format, tried with formats that are as unlike the native ones as those that exist: one
// that names no issuer and carries no times, one of raw bytes with a key the runtime cannot import.
import { createHash, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { monoMs, unixSeconds } from '../../../runtime/core/brand.ts';
import { type Bytes, fromHex, utf8 } from '../../../runtime/core/bytes.ts';
import { checkWord, hasCheck } from '../../../runtime/core/check-words.ts';
import { algorithms, signatureHolds, sm2WithSm3 } from '../../../runtime/tokens/keys.ts';
import { frozenOutcome, type Outcome, withoutEnd } from '../../../runtime/tokens/outcome.ts';
import { ReplayRing } from '../../../runtime/tokens/replay-ring.ts';
import { reverify } from '../../../runtime/tokens/reverify.ts';
import { type Parsed, refused, type TokenVerifier } from '../../../runtime/tokens/verifier.ts';
import { nativeFormats } from '../../../runtime/tokens/verify.ts';
import { account, asSt1, bearer, issuer, joined, stranger } from '../../fixtures/hand-made-codes.ts';
import {
  denyEntry,
  denyList,
  issuerContent,
  keyContent,
  moment,
  reasonOf,
  trustView,
  verdictOf,
} from '../../fixtures/token-world.ts';

const sha256 = (bytes: Uint8Array): Bytes => new Uint8Array(createHash('sha256').update(bytes).digest());

interface ParsedItem extends Parsed {
  readonly item: number;
  readonly signature: Bytes;
  readonly evidence: Bytes;
}

/** `item`, signature: no issuer, no key name, no times. What an item is, the site configures. */
const museumTickets = (
  products: ReadonlyMap<number, { product: number; site: number }>,
): TokenVerifier<ParsedItem> => ({
  id: 'pretix_sig1',
  holderSigned: false,
  probe: (raw) => raw[0] === 0x23,
  unwrap: (raw) => ({ ok: true, evidence: raw.subarray(1) }),
  parse: (evidence) =>
    evidence.length === 65
      ? {
          ok: true,
          parsed: {
            format: 'pretix_sig1',
            kind: 'ticket',
            issuer: null,
            digest: sha256(evidence.subarray(0, 1)),
            item: evidence[0] ?? 0,
            signature: evidence.subarray(1),
            evidence,
          },
        }
      : refused('MALFORMED', 'not 65 bytes', checkWord('malformed')),
  admit: (_parsed, { trust }) =>
    trust.issuersOf('pretix_sig1').length > 0
      ? { ok: true, found: 0 }
      : refused('UNKNOWN_ISSUER', 'no issuer of this format', checkWord('issuerOrKeyUnknown')),
  prove: (parsed, { trust }) => {
    for (const record of trust.issuersOf('pretix_sig1')) {
      for (const { key, kid, scope } of record.keys.values()) {
        const message = parsed.evidence.subarray(0, 1);
        if (!key || !signatureHolds(algorithms.EdDSA, key, message, parsed.signature)) continue;
        const place = products.get(parsed.item);
        const outcome: Outcome = {
          format: 'pretix_sig1',
          issuer: record.iss,
          kid,
          kind: 'ticket',
          subject: null,
          cti: sha256(parsed.evidence).subarray(0, 16),
          iat: unixSeconds(0),
          nbf: null,
          exp: withoutEnd,
          freshUntil: withoutEnd,
          presentation: null,
          limits: {
            fareCapMinor: null,
            currency: record.currency,
            uses: 1,
            site: place?.site ?? null,
            gates: null,
            product: place?.product ?? null,
            loanMaxSeconds: null,
            depositMinor: null,
          },
          scope,
          status: null,
          language: null,
          digest: parsed.digest,
          evidence: parsed.evidence,
        };
        return { ok: true, outcome: frozenOutcome(outcome) };
      }
    }
    return refused('BAD_SIGNATURE', 'no key of this format verifies', checkWord('issuerSignature'));
  },
});

const museum = museumTickets(new Map([[5, { product: 300, site: 7 }]]));
const trust = trustView({
  issuers: [
    issuerContent(),
    issuerContent({ iss: 'museum', format: 'pretix_sig1', keys: [keyContent(stranger, { scope: ['7'] })] }),
  ],
});
const itemCode = (item: number, key = stranger): Bytes =>
  joined(Uint8Array.of(0x23, item), sign(null, Uint8Array.of(item), key.privateKey));
const formats = [...nativeFormats, museum];

describe('a format that names no issuer', () => {
  it('gives an outcome with issuer, product, site and uses', () => {
    expect(verdictOf(itemCode(5), { trust, formats })).toMatchObject({
      accepted: true,
      outcome: {
        format: 'pretix_sig1',
        issuer: 'museum',
        kid: stranger.kid,
        limits: { product: 300, site: 7, uses: 1 },
        scope: ['7'],
        exp: 2 ** 32 - 1,
      },
    });
  });

  it('leaves to the machine what an item is not mapped to', () => {
    expect(verdictOf(itemCode(6), { trust, formats })).toMatchObject({
      accepted: true,
      outcome: { limits: { product: null, site: null } },
    });
  });

  it.each([
    ['another signature', itemCode(5, issuer), { trust }, 'BAD_SIGNATURE', null],
    ['no issuer of the format', itemCode(5), {}, 'UNKNOWN_ISSUER', null],
    ['a damaged code', itemCode(5).subarray(1).with(0, 0x23), { trust }, 'MALFORMED', null],
  ])('refuses %s, and names nobody', (_name, raw, situation, reason, named) => {
    expect(verdictOf(raw, { formats, ...situation })).toMatchObject({ reason, issuer: named });
  });

  it('says that no holder signature was examined', () => {
    const { done } = verdictOf(itemCode(5), { trust, formats });

    expect([hasCheck(done, 'issuerSignature'), hasCheck(done, 'holderSignature')]).toEqual([true, false]);
  });

  it('is denied by its 16 bytes, whatever issuedBefore says', () => {
    const entry = denyEntry(2, sha256(itemCode(5).subarray(1)).subarray(0, 16), { issuer: 'museum', issuedBefore: 1 });

    expect(reasonOf(itemCode(5), { trust, formats, deny: denyList(entry) })).toBe('DENIED');
    expect(reasonOf(itemCode(6), { trust, formats, deny: denyList(entry) })).toBe('OK');
  });

  it('is verified again from its evidence, where the format is enabled', () => {
    const evidence = itemCode(5).subarray(1);

    expect(reverify('pretix_sig1', evidence, moment(), trust, undefined, formats)).toMatchObject({
      good: true,
      outcome: { issuer: 'museum' },
    });
    expect(reverify('pretix_sig1', evidence, moment(), trust)).toEqual({ good: false, reason: 'UNSUPPORTED_FORMAT' });
  });

  it('is not asked for where it is not enabled', () => {
    expect(reasonOf(itemCode(5), { trust })).toBe('UNSUPPORTED_FORMAT');
  });
});

describe('a format of raw bytes, with keys of its own', () => {
  const base = fromHex('0232c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7');
  const transit: TokenVerifier = {
    id: 'jtt1179',
    holderSigned: true,
    probe: (raw) => (raw[0] ?? 0) >= 0x80,
    unwrap: (raw) => ({ ok: true, evidence: raw }),
    parse: (evidence) => ({
      ok: true,
      parsed: { format: 'jtt1179', kind: 'account', issuer: '01020304', digest: sha256(evidence) },
    }),
    admit: () => ({ ok: true, found: 0 }),
    prove: (parsed, context) => {
      const record = context.trust.issuer(parsed.issuer ?? '');
      const [key] = record?.keys.values() ?? [];
      if (!record || key?.alg !== sm2WithSm3 || key.key !== null) return refused('UNKNOWN_KEY', 'no SM2 key');
      const verdict = verdictOf(asSt1(bearer()));
      if (!verdict.accepted) return refused('BAD_SIGNATURE', 'none');
      return {
        ok: true,
        outcome: { ...verdict.outcome, format: 'jtt1179', subject: account, kid: key.raw.subarray(0, 4) },
      };
    },
  };
  const transitTrust = trustView({
    issuers: [
      issuerContent({ iss: '01020304', format: 'jtt1179', keys: [keyContent(issuer, { alg: sm2WithSm3, raw: base })] }),
    ],
  });
  const raw = Uint8Array.of(0x80, 0x0d, 0x0a, 0);

  it('gets every byte, and its key as the trust list has it', () => {
    const verdict = verdictOf(raw, { formats: [transit], trust: transitTrust });

    expect(verdict).toMatchObject({ accepted: true, outcome: { format: 'jtt1179', kid: base.subarray(0, 4) } });
    expect(hasCheck(verdict.done, 'holderSignature')).toBe(true);
  });

  it('goes through the replay ring like every code of an account', () => {
    const ring = new ReplayRing();
    ring.accept(sha256(raw), { epoch: 1, seq: 1, atMonoMs: monoMs(0) }, 600_000);

    expect(reasonOf(raw, { formats: [transit], trust: transitTrust, ring, atMonoMs: 610_000 })).toBe('REPLAYED');
  });
});

describe('whatever a format does', () => {
  const greedy = (members: Partial<TokenVerifier>): TokenVerifier =>
    ({ ...museum, id: 'jtt1179', probe: () => true, ...members }) as TokenVerifier;
  const explode = (): never => {
    throw new RangeError('a defect');
  };

  it.each(['probe', 'unwrap', 'parse', 'admit', 'prove'] as const)(
    'a throw in %s is DEVICE_FAULT, told once',
    (member) => {
      const defects: string[] = [];
      const verdict = verdictOf(itemCode(5), {
        trust,
        formats: [greedy({ [member]: explode })],
        defect: (format) => void defects.push(format),
      });

      expect(verdict).toMatchObject({ accepted: false, reason: 'DEVICE_FAULT', found: 0 });
      expect(defects).toEqual(['jtt1179']);
    },
  );

  it('a throw in a look-up is DEVICE_FAULT, too', () => {
    const defects: string[] = [];
    const situation = { defect: (format: string) => void defects.push(format) };

    expect(reasonOf(asSt1(bearer()), { ...situation, ring: { find: explode } })).toBe('DEVICE_FAULT');
    expect(reasonOf(asSt1(bearer()), { ...situation, deny: { ...denyList(), find: explode } })).toBe('DEVICE_FAULT');
    expect(defects).toEqual(['st1', 'st1']);
  });

  it('the first that claims the bytes owns them: no second one is asked after a failure', () => {
    const first = greedy({ parse: () => refused('MALFORMED', 'mine, and damaged') });

    expect(reasonOf(itemCode(5), { trust, formats: [first, museum] })).toBe('MALFORMED');
    expect(reasonOf(itemCode(5), { trust, formats: [museum, first] })).toBe('OK');
  });

  it('is asked in the order of the steps, and not beyond the one that refuses', () => {
    const asked: string[] = [];
    const noted = <T>(name: string, answer: T): T => {
      asked.push(name);
      return answer;
    };
    const told = greedy({
      unwrap: (raw) => noted('unwrap', museum.unwrap(raw)),
      parse: (evidence, cache) => {
        const parsing = noted('parse', museum.parse(evidence, cache));
        return parsing.ok ? { ok: true, parsed: { ...parsing.parsed, kind: 'bearer' } } : parsing;
      },
      admit: () => noted('admit', { ok: true, found: 0 }),
      prove: (parsed, context) => noted('prove', museum.prove(parsed as ParsedItem, context)),
    });
    const unseen = { find: () => noted('ring', null) };
    const seen = { find: () => noted('ring', { epoch: 1, seq: 1, atMonoMs: monoMs(0) }) };

    expect(reasonOf(itemCode(5), { trust, formats: [told], ring: unseen })).toBe('OK');
    expect(asked.splice(0)).toEqual(['unwrap', 'parse', 'admit', 'ring', 'prove']);
    expect(reasonOf(itemCode(5), { trust, formats: [told], ring: seen, atMonoMs: 9_000 })).toBe('REPLAYED');
    expect(asked).toEqual(['unwrap', 'parse', 'admit', 'ring']);
  });

  it('native codes do not take what is not theirs', () => {
    expect(
      nativeFormats.map(({ probe }) =>
        [itemCode(5), Uint8Array.of(0xef, 0xbb, 0xbf, 0x53), utf8('ST1')].map((raw) => probe(raw)),
      ),
    ).toEqual([
      [false, false, false],
      [false, false, false],
      [false, false, false],
    ]);
  });
});
