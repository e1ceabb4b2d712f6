// `stile headend device`: the identity and the certificate of one terminal, and taking the certificate back.
import { existsSync, readFileSync } from 'node:fs';
import { isId, operatorId, terminalId } from '../../core/brand.ts';
import { hex } from '../../core/bytes.ts';
import { StileError } from '../../core/errors.ts';
import { createIdentity, readIdentity } from '../../provisioning/identity.ts';
import { Certificates, type IssuedCertificate } from './certificates.ts';
import { readHeadEndConfig } from './config.ts';
import { certificateDays, type World } from './init.ts';
import { type SiteFiles, serviceName, siteFiles, writeJsonWhole } from './site-folder.ts';

export interface AddedDevice {
  readonly id: string;
  /** What goes onto the machine. */
  readonly files: ReturnType<SiteFiles['terminal']>;
  readonly notAfterMs: number;
  /** The head end has to be started again to know it. */
  readonly isNew: boolean;
}

/**
 * Makes a terminal known, or renews its certificate: the one before stays in force to its end.
 * @throws StileError USAGE for an id that cannot be one, FILE_UNREADABLE for a folder that `init` did not make.
 */
export async function addDevice(folder: string, id: string, { clock, entropy }: World): Promise<AddedDevice> {
  if (!isId(id) || id === serviceName) {
    throw new StileError('USAGE', `${JSON.stringify(id)} cannot be the id of a terminal`, {
      remedy: `Choose 1 to 32 of A-Z a-z 0-9 _ -, and not ${serviceName}.`,
    });
  }
  const files = siteFiles(folder);
  const certificates = await Certificates.open(files, clock, entropy);
  const config = readHeadEndConfig(files.headEnd.config);
  const paths = files.terminal(id);
  const { notAfterMs } = await certificates.issue(id, { kind: 'client' }, certificateDays.terminal, paths);
  const identity = existsSync(paths.identity)
    ? readIdentity(paths.identity)
    : createIdentity(paths.identity, {
        operator: operatorId(config.operator),
        terminal: terminalId(id),
        roots: config.roots,
      });
  const isNew = !config.terminals.some((known) => known.id === id);
  if (isNew) enrol(files, { id, journalKey: hex(identity.journalKey.publicKey) });
  return { id, files: paths, notAfterMs, isNew };
}

/** The broker lets it in until it is reloaded. @throws StileError NOT_FOUND, FILE_UNREADABLE. */
export async function revokeDevice(
  folder: string,
  id: string,
  { clock, entropy }: World,
): Promise<readonly IssuedCertificate[]> {
  return (await Certificates.open(siteFiles(folder), clock, entropy)).revoke(id);
}

function enrol(files: SiteFiles, terminal: { readonly id: string; readonly journalKey: string }): void {
  const written = JSON.parse(readFileSync(files.headEnd.config, 'utf8')) as { terminals: readonly unknown[] };
  writeJsonWhole(files.headEnd.config, { ...written, terminals: [...written.terminals, terminal] });
}
