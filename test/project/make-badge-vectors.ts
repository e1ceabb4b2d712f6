// Writes docs/formats/vectors/badges.json: staff badges that a terminal must take or refuse at a given place, and why.
// Keys and signatures are made anew with each run, so the file is made once and then kept: `npm run vectors:badges`.
import { writeFileSync } from 'node:fs';
import { type UnixSeconds, unixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, fromHex, hex, utf8 } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import { systemEntropy } from '../../runtime/core/entropy.ts';
import { decodeBase45, encodeBase45 } from '../../runtime/tokens/base45.ts';
import { type Claims, encodeClaims } from '../../runtime/tokens/claims.ts';
import { noExternalData, sealCose1 } from '../../runtime/tokens/cose.ts';
import { algorithms } from '../../runtime/tokens/keys.ts';
import type { StaffRole } from '../../runtime/tokens/staff-roles.ts';
import { kindBits } from '../../runtime/tokens/trust-view.ts';
import { badgeText, Issuer, presentationText } from '../../simulators/issuer/issuer.ts';
import { makeKeyPair } from '../../simulators/issuer/key-pair.ts';
import { OperatorKeys } from '../../simulators/issuer/root.ts';
import { StaffBadge } from '../../simulators/wallet/staff-badge.ts';
import { holderOf, Wallet } from '../../simulators/wallet/wallet.ts';

const at = unixSeconds(1_772_353_800);
const soon = (seconds: number): UnixSeconds => unixSeconds(at + seconds);
const operator = OperatorKeys.create('example');
const issuer = Issuer.create('staff', systemEntropy);
const stranger = Issuer.create('stranger', systemEntropy);
/** Known to the trust list, and not for badges. */
const shop = Issuer.create('shop', systemEntropy);
const denied = fromHex('00000000000000dd');
const site = 7;
/** Where each badge is shown, unless the vector says otherwise. */
const here = { terminal: 'lane-1', site, roles: ['gate', 'technician'] };

const gate = { roles: ['gate'] as readonly StaffRole[], site };
const issued = soon(-3_600);
const badge = (grant: Parameters<typeof StaffBadge.open>[1] = gate, more: Parameters<typeof StaffBadge.open>[3] = {}) =>
  StaffBadge.open(issuer, grant, issued, more);
const now = (of: StaffBadge): string => of.code(soon(-2));
const binary = (code: string): Bytes => decodeBase45(utf8(code), 4) ?? new Uint8Array(0);
function changed(code: string): string {
  const bytes = Uint8Array.from(binary(code));
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return badgeText(bytes);
}
/** Signed by the honest issuer, whatever its claims. */
const withClaims = (claims: Omit<Claims, 'kind'>): string =>
  badgeText(
    encodeCbor([
      sealCose1(issuer.key, noExternalData, encodeClaims({ kind: 'badge', ...claims })),
      new Uint8Array([0x82, 0, 0]),
      new Uint8Array(64),
    ]),
  );
const holder = holderOf(makeKeyPair(algorithms.ES256));
const whole: Omit<Claims, 'kind'> = {
  issuer: 'staff',
  iat: issued,
  nbf: issued,
  exp: soon(3_600),
  cti: fromHex('a1a2a3a4a5a6a7a8'),
  holder,
  account: fromHex('0102030405060708'),
  presentationMaxAgeSeconds: 30,
  roles: 1,
  site,
};
const { site: _, ...placeless } = whole;
const { roles: __, ...roleless } = whole;
const good = now(badge());

const vector = (name: string, reason: string, code: string, note: string, place: object = {}) => ({
  name,
  code,
  at,
  place: { ...here, ...place },
  outcome: reason === 'OK' ? 'accepted' : 'refused',
  reason,
  note,
});

const vectors = [
  vector('gate-staff', 'OK', good, 'for the site, signed with P-256'),
  vector('ed25519-phone', 'OK', now(badge(gate, { alg: algorithms.EdDSA })), 'signed with Ed25519'),
  vector(
    'terminal-only',
    'OK',
    now(badge({ roles: ['technician'], terminal: 'lane-1' })),
    'for one machine and no site',
  ),
  vector('several-roles', 'OK', now(badge({ roles: ['cabinet', 'gate'], site })), 'one of its roles may act here'),
  vector('other-site', 'WRONG_SITE', now(badge({ roles: ['gate'], site: 8 })), 'made for site 8'),
  vector('other-terminal', 'WRONG_SITE', now(badge({ ...gate, terminal: 'lane-2' })), 'made for lane-2 of this site'),
  vector('placeless-machine', 'WRONG_SITE', good, 'a machine that is told of no site', { site: null }),
  vector('wrong-role', 'WRONG_ROLE', now(badge({ roles: ['driver'], site })), 'a driver at a gate'),
  vector('wrong-machine', 'WRONG_ROLE', good, 'gate staff on a bus', { roles: ['driver'] }),
  vector('denied', 'DENIED', now(badge(gate, { staff: denied })), 'its bearer is on the deny list'),
  vector(
    'shift-over',
    'CREDENTIAL_EXPIRED',
    StaffBadge.open(issuer, gate, soon(-9 * 3_600)).code(soon(-2)),
    'issued nine hours ago for eight',
  ),
  vector(
    'longer-than-allowed',
    'CREDENTIAL_EXPIRED',
    StaffBadge.open(issuer, gate, soon(-13 * 3_600), { claims: { exp: soon(86_400) } }).code(soon(-2)),
    'a later end does not help',
  ),
  vector('shift-not-begun', 'NOT_YET_VALID', now(badge(gate, { claims: { nbf: soon(600) } })), 'begins in ten minutes'),
  vector('photographed', 'STALE_CODE', badge().code(soon(-45)), 'signed by the phone 45 s ago'),
  vector('another-phone', 'BAD_SIGNATURE', changed(good), 'last bit of the holder signature'),
  vector('never-shown', 'STALE_CODE', withClaims(whole), 'time 0, and a signature of zeros'),
  vector(
    'unknown-issuer',
    'UNKNOWN_ISSUER',
    StaffBadge.open(stranger, gate, issued).code(soon(-2)),
    'not on the trust list',
  ),
  vector(
    'key-without-badges',
    'UNKNOWN_KEY',
    StaffBadge.open(shop, gate, issued).code(soon(-2)),
    'a key that signs tickets and no badges',
  ),
  vector('without-place', 'MALFORMED', withClaims(placeless), 'neither site nor terminal'),
  vector('without-roles', 'MALFORMED', withClaims(roleless), 'no roles'),
  vector('role-unknown', 'MALFORMED', withClaims({ ...whole, roles: 32 }), 'a role nobody knows'),
  vector(
    'passenger-credential',
    'MALFORMED',
    `SB1:${Wallet.open(issuer, issued).freshCode(soon(-2)).slice(4)}`,
    'an account is no badge',
  ),
  vector('as-presentation', 'MALFORMED', presentationText(binary(good)), 'a badge behind the prefix of accounts'),
  vector('grant-alone', 'STALE_CODE', `ST1:${encodeBase45(badge().credential)}`, 'without the signature of the phone'),
];

const { gen, need, keys } = operator.rootSet;
const shopRecord = shop.trustRecord(soon(-86_400));
const asShop = { ...shopRecord, keys: shopRecord.keys.map((key) => ({ ...key, kinds: kindBits.ticket })) };
const signers = [issuer, { iss: shop.iss, trustRecord: () => asShop }];
writeFileSync(
  new URL('../../docs/formats/vectors/badges.json', import.meta.url),
  `${JSON.stringify(
    {
      format: 'Stile SB1',
      roots: {
        operator: operator.operator,
        gen,
        need,
        keys: keys.map(({ kid, publicKey }) => ({ kid: hex(kid), publicKey: hex(publicKey) })),
      },
      trustList: hex(operator.trustList(signers, 1, soon(-86_400))),
      denied: [{ issuer: issuer.iss, account: hex(denied) }],
      vectors,
    },
    null,
    1,
  )}\n`,
);
process.stdout.write(`${vectors.length} vectors in docs/formats/vectors/badges.json\n`);
