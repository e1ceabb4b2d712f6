// `stile token` as an integrator uses it: mint codes, look into them, and ask whether a terminal would
// take them, all through pipes.

import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hex } from '../../../runtime/core/bytes.ts';
import { systemEntropy } from '../../../runtime/core/entropy.ts';
import { TicketShop } from '../../../simulators/issuer/ticket-shop.ts';
import { TransitScheme } from '../../../simulators/issuer/transit-scheme.ts';
import { flippedBit } from '../../../simulators/wallet/forgeries.ts';
import { jsonLines, stile } from '../../fixtures/stile-command.ts';

const at = '2026-03-01T08:30:00Z';
let folder: string;
let issuer: string;
const mint = async (kind: string, count = 1): Promise<readonly string[]> =>
  (await stile(['token', 'mint', '--issuer', issuer, '--kind', kind, '--count', String(count)])).out
    .split('\n')
    .filter((line) => line.length > 0);
const verify = (codes: readonly string[], ...more: string[]) =>
  stile(['token', 'verify', '--trust', join(issuer, 'trust.cbor'), ...more], codes.map((code) => `${code}\n`).join(''));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stile-token-'));
  issuer = join(folder, 'issuer');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('stile token', () => {
  it.each([
    { kind: 'presentation', format: 'sp1', says: 'account' },
    { kind: 'bearer', format: 'st1', says: 'bearer' },
    { kind: 'ticket', format: 'st1', says: 'ticket' },
    { kind: 'loan', format: 'st1', says: 'loan' },
    { kind: 'badge', format: 'sb1', says: 'badge' },
  ])('mints a $kind that verifies under its own trust list, and says what is in it', async ({ kind, format, says }) => {
    const codes = await mint(kind, 2);
    expect(new Set(codes).size).toBe(2);
    const verified = await verify(codes);
    expect(verified.code).toBe(0);
    expect(jsonLines(verified.out)).toMatchObject([
      { outcome: 'accepted', reason: 'OK', format, kind: says },
      { outcome: 'accepted', reason: 'OK', format, kind: says },
    ]);
    const inspected = jsonLines((await stile(['token', 'inspect'], codes.join('\r\n'))).out);
    expect(inspected).toMatchObject([
      { ok: true, format, claims: { kind: says } },
      { ok: true, format, claims: { kind: says } },
    ]);
  });

  it('answers each line by itself, and ends with 1 when one is refused', async () => {
    const [good = ''] = await mint('bearer');
    const { code, out } = await verify([good, flippedBit(good), 'hello', good.slice(0, 40), good]);
    expect(code).toBe(1);
    expect(jsonLines(out)).toMatchObject([
      { outcome: 'accepted' },
      { outcome: 'refused', reason: 'BAD_SIGNATURE', detail: 'issuer' },
      { outcome: 'refused', reason: 'UNSUPPORTED_FORMAT' },
      { outcome: 'refused', reason: 'MALFORMED' },
      { outcome: 'accepted' },
    ]);
  });

  it('judges at the time it is given', async () => {
    const codes = await mint('presentation');
    const { out } = await verify(codes, '--at', new Date(Date.now() + 4 * 86_400_000).toISOString());
    expect(jsonLines(out)).toMatchObject([{ outcome: 'refused', reason: 'CREDENTIAL_EXPIRED' }]);
  });

  it('never prints a key or a whole token', async () => {
    const [code = ''] = await mint('presentation');
    const { out } = await verify([code]);
    const secrets = JSON.parse(readFileSync(join(issuer, 'issuer.json'), 'utf8')) as { wallet: { credential: string } };
    expect(out).not.toContain(secrets.wallet.credential.slice(0, 64));
    expect(statSync(join(issuer, 'issuer.json')).mode & 0o077).toBe(0);
  });

  it('refuses a denied account, and believes only a deny list whose signed head names it', async () => {
    const codes = await mint('presentation');
    const deny = join(issuer, 'deny.cbor');
    expect(jsonLines((await verify(codes, '--deny', deny)).out)).toMatchObject([{ outcome: 'accepted' }]);
    const before = readFileSync(deny);
    await stile(['token', 'deny', '--issuer', issuer]);
    expect(jsonLines((await verify(codes, '--deny', deny)).out)).toMatchObject([{ reason: 'DENIED' }]);
    const after = readFileSync(deny);
    const mixed = join(folder, 'mixed.cbor');
    const headBytes = before.length - 2;
    writeFileSync(mixed, Buffer.concat([before.subarray(0, headBytes), after.subarray(headBytes)]));
    const answer = await verify(codes, '--deny', mixed);
    expect(answer.code).not.toBe(0);
    expect(answer.err).toMatch(/DOCUMENT_REFUSED|FILE_UNREADABLE/);
  });

  it.each([
    { wrong: ['--at', 'tomorrow'], code: 2, names: ['--at', 'tomorrow', 'remedy'] },
    { wrong: ['--deny', '/does/not/exist'], code: 1, names: ['FILE_UNREADABLE', '--deny', '/does/not/exist'] },
    { wrong: ['--roots', '/does/not/exist'], code: 1, names: ['FILE_UNREADABLE', '--roots'] },
    { wrong: ['--colour'], code: 2, names: ['USAGE', '--colour'] },
  ])('$wrong is a clear error', async ({ wrong, code, names }) => {
    await mint('bearer');
    const answer = await verify([], ...wrong);
    expect(answer.code).toBe(code);
    for (const name of names) expect(answer.err).toContain(name);
    expect(answer.err).not.toContain('    at ');
  });

  it('refuses a trust list that another root signed', async () => {
    await mint('bearer');
    const other = join(folder, 'other');
    await stile(['token', 'mint', '--issuer', other, '--at', at]);
    const answer = await stile([
      'token',
      'verify',
      '--trust',
      join(issuer, 'trust.cbor'),
      '--roots',
      join(other, 'roots.json'),
    ]);
    expect(answer).toMatchObject({ code: 1, err: expect.stringContaining('UNKNOWN_KEY') });
  });
});

describe('stile token verify of foreign formats', () => {
  it('pretix_sig1: the shop key in Base64 of PEM, items mapped to products', async () => {
    const shop = new TicketShop('museum-shop');
    const pem = createPublicKey(shop.key.privateKey).export({ type: 'spki', format: 'pem' }) as string;
    const keys = join(folder, 'shop.json');
    const issuers = [{ iss: 'museum-shop', currency: 'EUR', keys: [Buffer.from(pem).toString('base64')] }];
    writeFileSync(keys, JSON.stringify({ issuers, items: [{ item: 5, product: 2, site: 9 }] }));
    const codes = [shop.sell({ seed: 'abc', item: 5 }), new TicketShop('x').sell({ seed: 'abc', item: 5 })];
    const answer = await stile(['token', 'verify', '--format', 'pretix_sig1', '--keys', keys], codes.join('\n'));
    expect(jsonLines(answer.out)).toMatchObject([
      { outcome: 'accepted', issuer: 'museum-shop', limits: { product: 2, site: 9 } },
      { outcome: 'refused', reason: 'BAD_SIGNATURE' },
    ]);
  });

  it('jtt1179: root records of the scheme, codes in hexadecimal', async () => {
    const scheme = new TransitScheme('a1b2c3d4', systemEntropy);
    const keys = join(folder, 'scheme.json');
    const issuers = [{ iss: 'a1b2c3d4', currency: 'CNY', roots: [hex(scheme.rootRecord())] }];
    writeFileSync(keys, JSON.stringify({ issuers }));
    const code = scheme.phone().show(Math.floor(Date.parse(at) / 1000));
    const answer = await stile(
      ['token', 'verify', '--format', 'jtt1179', '--keys', keys, '--at', at],
      `${hex(code)}\n${hex(code).replace(/..$/, (last) => (last === '00' ? '01' : '00'))}\n`,
    );
    expect(jsonLines(answer.out)).toMatchObject([
      { outcome: 'accepted', format: 'jtt1179', issuer: 'a1b2c3d4' },
      { outcome: 'refused', reason: 'BAD_SIGNATURE', detail: 'holder' },
    ]);
  });

  it('says which key is missing or wrong', async () => {
    expect((await stile(['token', 'verify', '--format', 'jtt1179'])).err).toContain('--keys');
    expect((await stile(['token', 'verify'])).err).toContain('--trust');
    const keys = join(folder, 'wrong.json');
    writeFileSync(keys, JSON.stringify({ issuers: [{ iss: 'a1b2c3d4', currency: 'CNY', roots: ['00'] }] }));
    const answer = await stile(['token', 'verify', '--format', 'jtt1179', '--keys', keys]);
    expect(answer.err).toContain('issuers.0.roots.0');
  });
});
