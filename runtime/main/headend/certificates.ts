// The certificates of one operator in its folder: issued, remembered, revoked. What the broker has to know is in its own
// folder as soon as a function here resolves; the broker reads it when it is reloaded.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Authority, type CertificateUse, makeAuthority } from '../../../sync/headend/pki/authority.ts';
import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import { messageOf, StileError } from '../../core/errors.ts';
import { parseConfig } from '../config/parse.ts';
import { type SiteFiles, writeJsonWhole, writeWhole } from './site-folder.ts';

const issuedSchema = z.array(
  z.strictObject({
    name: z.string(),
    serial: z.string().regex(/^[0-9a-f]{2,40}$/),
    notAfterMs: z.int(),
    revokedMs: z.int().nullable(),
  }),
);
export type IssuedCertificate = z.infer<typeof issuedSchema>[number];

export interface CertificatePaths {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

export class Certificates {
  readonly #files: SiteFiles;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #authority: Authority;

  private constructor(files: SiteFiles, clock: Clock, entropy: Entropy, authority: Authority) {
    this.#files = files;
    this.#clock = clock;
    this.#entropy = entropy;
    this.#authority = authority;
  }

  /** The key of the authority, and an empty list of what is revoked. */
  static async create(files: SiteFiles, operator: string, clock: Clock, entropy: Entropy): Promise<Certificates> {
    const { certificate, key } = await makeAuthority(operator, clock.wallMs(), entropy);
    writeWhole(files.authority.key, key, 0o600);
    writeWhole(files.authority.certificate, certificate);
    writeJsonWhole(files.authority.issued, [], 0o600);
    const made = await Certificates.open(files, clock, entropy);
    await made.#writeRevoked([]);
    return made;
  }

  /** @throws StileError FILE_UNREADABLE where the folder is none that `init` made. */
  static async open(files: SiteFiles, clock: Clock, entropy: Entropy): Promise<Certificates> {
    const pair = { certificate: read(files.authority.certificate), key: read(files.authority.key) };
    return new Certificates(files, clock, entropy, await Authority.open(pair));
  }

  async issue(name: string, use: CertificateUse, days: number, paths: CertificatePaths): Promise<IssuedCertificate> {
    const made = await this.#authority.issue(name, use, days, this.#clock.wallMs(), this.#entropy);
    const record = { name, serial: made.serial, notAfterMs: made.notAfterMs, revokedMs: null };
    // Remembered first: a certificate that nobody could revoke must not exist.
    writeJsonWhole(this.#files.authority.issued, [...this.issued(), record], 0o600);
    writeWhole(paths.key, made.key, 0o600);
    writeWhole(paths.certificate, made.certificate);
    writeWhole(paths.authority, read(this.#files.authority.certificate));
    return record;
  }

  issued(): readonly IssuedCertificate[] {
    return parseConfig(this.#files.authority.issued, issuedSchema);
  }

  /** Every certificate of that name. @throws StileError NOT_FOUND where it has none that is in force. */
  async revoke(name: string): Promise<readonly IssuedCertificate[]> {
    const revokedMs = this.#clock.wallMs();
    const before = this.issued();
    const found = before.filter((one) => one.name === name && one.revokedMs === null);
    if (found.length === 0) {
      throw new StileError('NOT_FOUND', `${name} has no certificate that is in force`, {
        remedy: 'Check the id; pki/issued.json lists every certificate.',
      });
    }
    const after = before.map((one) => (found.includes(one) ? { ...one, revokedMs } : one));
    writeJsonWhole(this.#files.authority.issued, after, 0o600);
    await this.#writeRevoked(after);
    return found;
  }

  async #writeRevoked(issued: readonly IssuedCertificate[]): Promise<void> {
    const revoked = issued.flatMap(({ serial, revokedMs }) => (revokedMs === null ? [] : [{ serial, revokedMs }]));
    const list = await this.#authority.revocationList(revoked, this.#clock.wallMs());
    writeWhole(this.#files.broker.revoked, list);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StileError('FILE_UNREADABLE', `${file}: ${messageOf(cause)}`, {
      remedy: 'Name a folder that `stile headend init` made, and run as the user who may read it.',
      cause,
    });
  }
}
