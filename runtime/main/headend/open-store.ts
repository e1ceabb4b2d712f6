// Opens the databases that a configuration names. A client library is loaded only for the one that is configured.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { IngestStore } from '../../../sync/headend/store/ingest-store.ts';
import type { LoanDatabase } from '../../../sync/headend/store/loan-database.ts';
import type { PostgresSettings } from '../../../sync/headend/store/postgres-database.ts';
import type { Clock } from '../../core/clock.ts';
import { StileError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { readText } from './read-text.ts';
import type { StoreConfig } from './store-config.ts';

export interface Stores {
  readonly rows: IngestStore;
  /** The file behind the rows; null where a server keeps them. */
  readonly file: string | null;
  loans(): Promise<LoanDatabase>;
}

/** @throws StileError FILE_UNREADABLE, IDENTITY_INVALID, DATABASE_REFUSED, NATIVE_PACKAGE_MISSING. */
export async function openStores(
  store: StoreConfig,
  dataFolder: string,
  world: { readonly clock: Clock; readonly log: Logger },
): Promise<Stores> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  if (store.kind === 'sqlite') return openFiles(dataFolder);
  const settings = settingsOf(store);
  const [{ openPostgresDatabase }, { openPostgresStore, openPostgresLoans }] = await Promise.all([
    import('../../../sync/headend/store/postgres-open.ts'),
    import('../../../sync/headend/store/postgres-store.ts'),
  ]);
  const open = () => openPostgresDatabase(settings, world);
  return {
    rows: await openPostgresStore(await open()),
    file: null,
    loans: async () => openPostgresLoans(await open()),
  };
}

async function openFiles(dataFolder: string): Promise<Stores> {
  const { openSqliteStore } = await import('../../../sync/headend/store/sqlite-store.ts');
  const file = join(dataFolder, 'headend.db');
  const loans = async () => {
    const { openSqliteLoans } = await import('../../../sync/headend/store/loan-database.ts');
    return openSqliteLoans(join(dataFolder, 'loans.db'));
  };
  return { rows: await openSqliteStore(file), file, loans };
}

function settingsOf(store: Extract<StoreConfig, { kind: 'postgresql' }>): PostgresSettings {
  const { host, port, database, user, passwordFile, caFile } = store;
  if (passwordFile !== null) refuseShared(passwordFile);
  return {
    ...{ host, port, database, user },
    password: passwordFile === null ? null : readText(passwordFile).trim(),
    ca: caFile === null ? null : readText(caFile),
  };
}

function refuseShared(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) {
    throw new StileError('IDENTITY_INVALID', `password file ${file} is readable by other users`, {
      remedy: `Run: chmod 600 ${file}`,
    });
  }
}
