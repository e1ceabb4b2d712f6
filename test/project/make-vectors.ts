// Writes docs/formats/vectors/native.json: codes that a verifier of ST1 and SP1 must accept or refuse, and why.
// Keys and signatures are made anew with each run, so the file is made once and then kept: `npm run vectors`.
import { writeFileSync } from 'node:fs';
import { type UnixSeconds, unixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, concat, fromHex, hex, utf8 } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import { systemEntropy } from '../../runtime/core/entropy.ts';
import { decodeBase45, encodeBase45 } from '../../runtime/tokens/base45.ts';
import { type Claims, encodeClaims } from '../../runtime/tokens/claims.ts';
import { noExternalData, sealCose1 } from '../../runtime/tokens/cose.ts';
import { algorithms } from '../../runtime/tokens/keys.ts';
import { Issuer } from '../../simulators/issuer/issuer.ts';
import { makeKeyPair } from '../../simulators/issuer/key-pair.ts';
import { OperatorKeys } from '../../simulators/issuer/root.ts';
import { holderOf, Wallet } from '../../simulators/wallet/wallet.ts';

interface Vector {
  readonly name: string;
  /** Characters of the code as a reader gives them. */
  readonly code: string;
  /** Unix seconds at which it is judged. */
  readonly at: number;
  readonly outcome: 'accepted' | 'refused';
  readonly reason: string;
  readonly note: string;
}

const at = unixSeconds(1_772_353_800);
const soon = (seconds: number): UnixSeconds => unixSeconds(at + seconds);
const operator = OperatorKeys.create('example');
const issuer = Issuer.create('metro', systemEntropy);
const p256Issuer = Issuer.create('museum', systemEntropy, algorithms.ES256);
const stranger = Issuer.create('stranger', systemEntropy);
const impostor = Issuer.create('metro', systemEntropy);
const wallet = Wallet.open(issuer, soon(-3_600));
const edWallet = Wallet.open(issuer, soon(-3_600), { alg: algorithms.EdDSA });
const account = fromHex('0102030405060708');
const cti = fromHex('a1a2a3a4a5a6a7a8');
const bearer: Claims = { kind: 'bearer', issuer: 'metro', exp: soon(60), iat: soon(-10), cti, account, product: 1 };
const slot = { nbf: soon(-600), exp: soon(6_600) };

const text = (bytes: Bytes, prefix = 'ST1:'): string => prefix + encodeBase45(bytes);
const signed = (payload: Bytes): string => text(sealCose1(issuer.key, noExternalData, payload));
const binary = (code: string): Bytes => decodeBase45(utf8(code), 4) ?? new Uint8Array(0);
/** The code with byte `index` (from the end when negative) changed to another. */
function changed(code: string, index: number): string {
  const bytes = Uint8Array.from(binary(code));
  const position = index < 0 ? bytes.length + index : index;
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  return text(bytes, code.slice(0, 4));
}
/** The payload of a good bearer code with one byte sequence replaced, signed by the honest issuer. */
function oddPayload(from: string, to: string): string {
  const good = hex(encodeClaims(bearer));
  if (good.split(from).length !== 2) throw new RangeError(`${from} does not stand once in ${good}`);
  return signed(fromHex(good.replace(from, to)));
}

const accepted = (name: string, code: string, note: string): Vector => ({
  name,
  code,
  at,
  outcome: 'accepted',
  reason: 'OK',
  note,
});
const refused = (name: string, reason: string, code: string, note: string, when: number = at): Vector => ({
  name,
  code,
  at: when,
  outcome: 'refused',
  reason,
  note,
});

const { product: _, ...withoutProduct } = bearer;
const presentation = wallet.freshCode(soon(-2));
const good = signed(encodeClaims(bearer));
const ticket = (claims: Partial<Claims> = {}): string => issuer.ticket(slot, 7, soon(-86_400), claims);
const credential = issuer.credential(holderOf(makeKeyPair(algorithms.ES256)), account, soon(-3_600));

const vectors: readonly Vector[] = [
  accepted('presentation-p256', presentation, 'A of an Ed25519 issuer, P signed with P-256'),
  accepted('presentation-ed25519', edWallet.freshCode(soon(-2)), 'P signed with Ed25519'),
  accepted('bearer', good, 'S'),
  accepted('bearer-es256-issuer', p256Issuer.bearer(account, soon(-5)), 'the issuer signs with ES256'),
  accepted('ticket', ticket(), 'T for one person at site 7'),
  accepted(
    'ticket-group-gates',
    ticket({ admissions: 30, gates: Uint8Array.of(0b101) }),
    'thirty persons, gate groups 0 and 2',
  ),
  accepted(
    'loan',
    issuer.loan(account, 7, soon(-30), { language: 'de', depositMinor: 2_000 }),
    'L with deposit and language',
  ),
  refused('foreign', 'UNSUPPORTED_FORMAT', 'HELLO WORLD', 'no known prefix'),
  refused('empty', 'MALFORMED', 'ST1:', 'a prefix alone'),
  refused('prefix-lower-case', 'MALFORMED', `st1:${good.slice(4)}`, 'a reader that changes the case'),
  refused('lower-case', 'MALFORMED', `ST1:${good.slice(4).toLowerCase()}`, 'Base45 knows no lower case'),
  refused('space-appended', 'MALFORMED', `${good} `, 'nothing is trimmed'),
  refused('base45-length', 'MALFORMED', good.slice(0, 4 + 3 * 20 + 1), 'length mod 3 is 1'),
  refused('base45-overflow', 'MALFORMED', 'ST1::::', 'a triple above 65,535'),
  refused('truncated', 'MALFORMED', good.slice(0, -3), 'the end is missing'),
  refused('trailing-byte', 'MALFORMED', text(concat(binary(good), Uint8Array.of(0))), 'one byte after the COSE array'),
  refused('tagged', 'MALFORMED', text(concat(Uint8Array.of(0xd2), binary(good))), 'native codes carry no tag 18'),
  refused('integer-not-shortest', 'MALFORMED', oddPayload('07080501', '0708051801'), 'product 1 in two bytes, signed'),
  refused('unknown-claim', 'MALFORMED', signed(withExtra(encodeClaims(bearer))), 'claim 9, signed'),
  refused('missing-claim', 'MALFORMED', signed(encodeClaims(withoutProduct)), 'S without product'),
  refused('foreign-claim', 'MALFORMED', signed(encodeClaims({ ...bearer, admissions: 2 })), 'admissions belong to T'),
  refused(
    'bad-account',
    'MALFORMED',
    signed(encodeClaims({ ...bearer, account: fromHex('0102') })),
    'account of two bytes',
  ),
  refused('unknown-kind', 'UNSUPPORTED_FORMAT', oddPayload('70a30004', '70a30009'), 'kind 9'),
  refused('unknown-issuer', 'UNKNOWN_ISSUER', stranger.bearer(account, soon(-5)), 'not on the trust list'),
  refused('unknown-key', 'UNKNOWN_KEY', impostor.bearer(account, soon(-5)), 'right name, another key'),
  refused('credential-alone', 'STALE_CODE', text(credential), 'A is no ticket by itself'),
  refused('stale', 'STALE_CODE', wallet.freshCode(soon(-60)), 'older than its maximum age of 30 s'),
  refused('from-the-future', 'STALE_CODE', wallet.freshCode(soon(60)), 'more than 10 s ahead'),
  refused(
    'credential-expired',
    'CREDENTIAL_EXPIRED',
    Wallet.open(issuer, soon(-4 * 86_400)).freshCode(soon(-2)),
    'renewed too long ago',
  ),
  refused('bearer-expired', 'EXPIRED', good, 'one second after its end and the tolerance', at + 71),
  refused(
    'slot-not-begun',
    'NOT_YET_VALID',
    issuer.ticket({ nbf: soon(3_600), exp: soon(7_200) }, 7, soon(-60)),
    'an hour early',
  ),
  refused(
    'slot-over',
    'EXPIRED',
    issuer.ticket({ nbf: soon(-7_200), exp: soon(-3_600) }, 7, soon(-9_000)),
    'an hour late',
  ),
  refused('issuer-signature', 'BAD_SIGNATURE', changed(good, -1), 'last bit of the signature'),
  refused('holder-signature', 'BAD_SIGNATURE', changed(presentation, -1), 'last bit of the signature'),
  refused('claims-changed', 'BAD_SIGNATURE', changed(good, binary(good).length - 66 - 3), 'a claim after signing'),
];

/** The payload map with one more entry {9: 0} at its place in the order. */
function withExtra(payload: Bytes): Bytes {
  const source = hex(payload);
  const head = Number.parseInt(source.slice(0, 2), 16) + 1;
  const marker = '3a00011170';
  const index = source.indexOf(marker);
  if (index < 0) throw new RangeError('no application map');
  return fromHex(`${head.toString(16)}${source.slice(2, index)}0900${source.slice(index)}`);
}

const file = new URL('../../docs/formats/vectors/native.json', import.meta.url);
const { gen, need, keys } = operator.rootSet;
writeFileSync(
  file,
  `${JSON.stringify(
    {
      format: 'Stile ST1 and SP1',
      roots: {
        operator: operator.operator,
        gen,
        need,
        keys: keys.map(({ kid, publicKey }) => ({ kid: hex(kid), publicKey: hex(publicKey) })),
      },
      trustList: hex(operator.trustList([issuer, p256Issuer], 1, soon(-86_400))),
      keys: [issuer, p256Issuer].map(({ iss, key }) => ({
        issuer: iss,
        kid: hex(key.kid),
        alg: key.alg,
        publicKey: hex(key.raw),
      })),
      worked: {
        code: good,
        token: hex(binary(good)),
        signed: hex(encodeCbor(['Signature1', binary(good).slice(2, 11), new Uint8Array(0), encodeClaims(bearer)])),
      },
      vectors,
    },
    null,
    1,
  )}\n`,
);
process.stdout.write(`${vectors.length} vectors in docs/formats/vectors/native.json\n`);
