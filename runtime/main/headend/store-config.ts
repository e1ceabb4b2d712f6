// Where a head end keeps its rows: a file of its own, or a PostgreSQL database.
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { aGroup, path, text, wholeNumber } from '../config/fields.ts';

const retentionDays = wholeNumber(30, 3_650).optional();

const sqliteSchema = z.strictObject({ kind: z.literal('sqlite'), retentionDays }, aGroup);

const postgresSchema = z
  .strictObject(
    {
      kind: z.literal('postgresql'),
      host: path.default('/var/run/postgresql'),
      port: wholeNumber(1, 65_535).default(5_432),
      database: text(1, 63).default('stile'),
      user: text(1, 63).default('stile'),
      passwordFile: path.optional(),
      caFile: path.optional(),
      retentionDays,
    },
    aGroup,
  )
  .refine(({ host, caFile }) => caFile !== undefined || isOwnMachine(host), {
    path: ['caFile'],
    error: 'must name the authority of the server: without encryption a database is on this machine only',
  });

export const storeSchema = z
  .discriminatedUnion('kind', [sqliteSchema, postgresSchema], {
    error: ({ input }) => (typeof input === 'object' && input !== null ? 'allowed: sqlite, postgresql' : aGroup),
  })
  .prefault({ kind: 'sqlite' });

export type StoreConfig = { readonly retentionDays: number | null } & (
  | { readonly kind: 'sqlite' }
  | {
      readonly kind: 'postgresql';
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly user: string;
      readonly passwordFile: string | null;
      readonly caFile: string | null;
    }
);

/** `from` finds a path that the configuration names. */
export function storeConfigOf(written: z.infer<typeof storeSchema>, from: (relative: string) => string): StoreConfig {
  const retention = { retentionDays: written.retentionDays ?? null };
  if (written.kind === 'sqlite') return { kind: 'sqlite', ...retention };
  const { kind, host, port, database, user, passwordFile, caFile } = written;
  return {
    ...{ kind, host, port, database, user },
    passwordFile: passwordFile === undefined ? null : from(passwordFile),
    caFile: caFile === undefined ? null : from(caFile),
    ...retention,
  };
}

const isOwnMachine = (host: string): boolean =>
  isAbsolute(host) || host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
