// The folder that `stile headend init` makes: who reads which of its files, and how they are written.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { mosquittoFiles } from '../../../sync/headend/broker/mosquitto-files.ts';

/** Common name of the head end's certificate; no terminal may have it. */
export const serviceName = 'headend';

export function siteFiles(folder: string) {
  const root = resolve(folder);
  const at = (...parts: readonly string[]): string => join(root, ...parts);
  return {
    root,
    /** Root keys of signed documents: to be moved to where no network is. */
    roots: at('roots.json'),
    authority: { certificate: at('pki', 'ca.pem'), key: at('pki', 'ca.key'), issued: at('pki', 'issued.json') },
    /** All that mosquitto reads. */
    broker: {
      folder: at('broker'),
      config: at('broker', mosquittoFiles.config),
      access: at('broker', mosquittoFiles.access),
      authority: at('broker', mosquittoFiles.authority),
      certificate: at('broker', mosquittoFiles.certificate),
      key: at('broker', mosquittoFiles.key),
      revoked: at('broker', mosquittoFiles.revoked),
    },
    headEnd: {
      config: at('headend.json'),
      keys: at('keys.json'),
      trust: at('trust.cbor'),
      fares: at('fares.json'),
      data: at('data'),
      authority: at('tls', 'ca.pem'),
      certificate: at('tls', 'headend.pem'),
      key: at('tls', 'headend.key'),
    },
    /** What goes onto one machine. */
    terminal: (id: string) => ({
      identity: at('terminals', id, 'identity.json'),
      authority: at('terminals', id, 'ca.pem'),
      certificate: at('terminals', id, 'tls.pem'),
      key: at('terminals', id, 'tls.key'),
    }),
  } as const;
}
export type SiteFiles = ReturnType<typeof siteFiles>;

/** Whole or not at all: a broker or head end may read it at any moment. */
export function writeWhole(file: string, content: string | Uint8Array, mode: 0o600 | 0o644 = 0o644): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  const beside = `${file}.new`;
  writeFileSync(beside, content, { mode });
  renameSync(beside, file);
}

export const writeJsonWhole = (file: string, content: unknown, mode: 0o600 | 0o644 = 0o644): void =>
  writeWhole(file, `${JSON.stringify(content, null, 2)}\n`, mode);
