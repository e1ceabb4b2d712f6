// The files of a TLS connection, read when one is made: a certificate that was renewed is used by the next.
import { readFileSync } from 'node:fs';
import type { TlsMaterial } from '../../../sync/terminal/link/mqtt-link.ts';
import type { TlsFiles } from '../config/shared.ts';

export const readTls =
  ({ caFile, certificateFile, keyFile }: TlsFiles) =>
  (): TlsMaterial => ({
    ca: readFileSync(caFile, 'utf8'),
    cert: readFileSync(certificateFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  });
