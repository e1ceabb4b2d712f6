// A test issuer kept in a folder, for people who try codes at a command line: an operator's keys, one
// issuer, one phone, and the public files a terminal would be given. Made on first use; never for service.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Issuer, writtenIssuerSchema } from '../../../simulators/issuer/issuer.ts';
import { OperatorKeys, writtenOperatorSchema } from '../../../simulators/issuer/root.ts';
import { StaffBadge } from '../../../simulators/wallet/staff-badge.ts';
import { Wallet, writtenWalletSchema } from '../../../simulators/wallet/wallet.ts';
import { sealDocument } from '../../../sync/wire/document.ts';
import { headBody } from '../../../sync/wire/heads.ts';
import { secondsOf, type UnixSeconds, unixSeconds } from '../../core/brand.ts';
import { type Bytes, fromHex, hex } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import { messageOf, StileError } from '../../core/errors.ts';
import { type DenyEntry, denySnapshotHash, encodeDenySnapshot } from '../../tokens/deny.ts';
import type { StaffRole } from '../../tokens/staff-roles.ts';
import { unreadable } from './file.ts';

export const mintedKinds = ['presentation', 'bearer', 'ticket', 'loan', 'badge'] as const;
export type MintedKind = (typeof mintedKinds)[number];

const secretFile = 'issuer.json';
const operatorName = 'test';
const denyHeadLifeSeconds = 7 * 86_400;
const slotSeconds = 2 * 3_600;
const site = 1;

const schema = z.strictObject({
  operator: writtenOperatorSchema,
  issuer: writtenIssuerSchema,
  wallet: writtenWalletSchema,
  denied: z.array(z.string().regex(/^[0-9a-f]{16}$/)),
});
type Written = z.infer<typeof schema>;

export class TestIssuer {
  readonly #folder: string;
  readonly #keys: OperatorKeys;
  readonly #issuer: Issuer;
  readonly #denied: Set<string>;
  #wallet: Wallet;

  private constructor(folder: string, written: Written, entropy: Entropy) {
    this.#folder = folder;
    this.#keys = OperatorKeys.read(written.operator);
    this.#issuer = Issuer.read(written.issuer, entropy);
    this.#wallet = Wallet.read(written.wallet);
    this.#denied = new Set(written.denied);
  }

  /** @throws StileError FILE_UNREADABLE for a folder that holds something else. */
  static open(folder: string, clock: Clock, entropy: Entropy): TestIssuer {
    const file = join(folder, secretFile);
    if (existsSync(file)) return new TestIssuer(folder, readWritten(file), entropy);
    const now = secondsOf(clock.wallMs());
    const keys = OperatorKeys.create(operatorName);
    const issuer = Issuer.create('test-issuer', entropy);
    const wallet = Wallet.open(issuer, now);
    const made = new TestIssuer(
      folder,
      { operator: keys.write(), issuer: issuer.write(), wallet: wallet.write(), denied: [] },
      entropy,
    );
    made.#writeAll(now);
    return made;
  }

  /** `count` codes of `kind`, made at `now`, one after the other by the same phone or issuer. */
  mint(kind: MintedKind, count: number, now: UnixSeconds, roles: readonly StaffRole[] = []): readonly string[] {
    if (kind === 'presentation') this.#wallet = this.#wallet.renewed(this.#issuer, now);
    const codes = Array.from({ length: count }, () => this.#one(kind, now, roles));
    this.#writeSecrets();
    return codes;
  }

  /** Puts an account (16 hexadecimal digits) on the signed deny list; null for the folder's own phone. */
  deny(account: string | null, now: UnixSeconds): string {
    const denied = account ?? hex(this.#wallet.account);
    if (!/^[0-9a-f]{16}$/.test(denied)) {
      throw new StileError('USAGE', `account ${JSON.stringify(denied)} is not 16 hexadecimal digits`, {
        remedy: "Take it from `stile token inspect`, or leave it out for the folder's own phone.",
      });
    }
    this.#denied.add(denied);
    this.#writeSecrets();
    this.#writeDeny(now);
    return denied;
  }

  #one(kind: MintedKind, now: UnixSeconds, roles: readonly StaffRole[]): string {
    const { account } = this.#wallet;
    switch (kind) {
      case 'presentation':
        return this.#wallet.freshCode(now);
      case 'bearer':
        return this.#issuer.bearer(account, now);
      case 'ticket':
        return this.#issuer.ticket({ nbf: now, exp: unixSeconds(now + slotSeconds) }, site, now);
      case 'loan':
        return this.#issuer.loan(account, site, now);
      case 'badge':
        return StaffBadge.open(this.#issuer, { roles, site }, now).code(now);
      default:
        return kind satisfies never;
    }
  }

  #writeAll(now: UnixSeconds): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#writeSecrets();
    const { gen, need, keys } = this.#keys.rootSet;
    const roots = {
      operator: operatorName,
      gen,
      need,
      keys: keys.map(({ kid, publicKey }) => ({ kid: hex(kid), publicKey: hex(publicKey) })),
    };
    writeFileSync(join(this.#folder, 'roots.json'), `${JSON.stringify(roots, null, 2)}\n`);
    writeFileSync(join(this.#folder, 'trust.cbor'), this.#keys.trustList([this.#issuer], 1, now));
    this.#writeDeny(now);
  }

  #writeSecrets(): void {
    const written: Written = {
      operator: this.#keys.write(),
      issuer: this.#issuer.write(),
      wallet: this.#wallet.write(),
      denied: [...this.#denied],
    };
    writeFileSync(join(this.#folder, secretFile), `${JSON.stringify(written)}\n`, { mode: 0o600 });
  }

  #writeDeny(now: UnixSeconds): void {
    const entries = [...this.#denied].map((account) => entryOf(this.#issuer.iss, fromHex(account)));
    const snapshot = encodeDenySnapshot(entries);
    const head = headBody({ hash: denySnapshotHash(snapshot), size: snapshot.length, count: entries.length });
    const header = {
      kind: 'deny',
      operator: operatorName,
      target: '*',
      version: entries.length + 1,
      iat: now,
      exp: unixSeconds(now + denyHeadLifeSeconds),
    } as const;
    writeFileSync(
      join(this.#folder, 'deny.cbor'),
      encodeCbor([sealDocument(header, head, this.#keys.signers.deny), snapshot]),
    );
  }
}

const entryOf = (issuer: string, id: Bytes): DenyEntry => ({
  issuer,
  type: 1,
  id,
  issuedBefore: 0,
  begin: 0,
  end: 0,
  why: 5,
  ref: '',
});

function readWritten(file: string): Written {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw unreadable('--issuer', file, `is not a test issuer: ${messageOf(cause).split('\n')[0]}`, cause);
  }
}
