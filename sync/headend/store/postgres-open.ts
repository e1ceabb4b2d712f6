// Opens a PostgreSQL database: waits for a server that is not there yet, says so each time, and does not wait for
// what only a person can change.
import { type Clock, sleep } from '../../../runtime/core/clock.ts';
import { messageOf, StileError } from '../../../runtime/core/errors.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import { type PostgresDatabase, type PostgresSettings, postgresDatabase } from './postgres-database.ts';

export const openLimits = { firstWaitMs: 1_000, mostWaitMs: 30_000 } as const;

/** SQLSTATE classes and codes of a server that starts, stops or is full, and what the network says of an absent one. */
const passing =
  /^(08...|57P0.|53...|ECONNREFUSED|ECONNRESET|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|EPIPE)$/;

const remedies: readonly (readonly [RegExp, string])[] = [
  [/^28/, 'Check store.user and store.passwordFile, and pg_hba.conf on the server.'],
  [/^3D/, 'Create the database: createdb -O USER DATABASE.'],
  [/^42501$/, 'Make the user of the head end the owner of its database.'],
  [/CERT|SELF_SIGNED|ALTNAME/, 'Name in store.caFile the authority that signed the server, and the host as it does.'],
  [/^ENOTFOUND$/, 'Check store.host.'],
];

/**
 * Waits without end for a server that cannot be reached: a head end may start before its database.
 * @throws StileError DATABASE_REFUSED where the server answers and does not let it in.
 */
export async function openPostgresDatabase(
  settings: PostgresSettings,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<PostgresDatabase> {
  const database = await postgresDatabase(settings, log);
  for (let waitMs: number = openLimits.firstWaitMs; ; waitMs = Math.min(2 * waitMs, openLimits.mostWaitMs)) {
    try {
      await database.script('SELECT 1');
      return database;
    } catch (error) {
      if (!isPassing(error)) {
        await database.close();
        throw refusal(settings, error);
      }
      log.warn('database.unreachable', {
        code: 'DATABASE_UNAVAILABLE',
        detail: describe(settings, error),
        durationMs: waitMs,
      });
    }
    await sleep(clock, 'database.wait', waitMs);
  }
}

/** pg gives no code to its own timeouts and to a connection that was cut. */
const isPassing = (error: unknown): boolean =>
  passing.test(codeOf(error)) || /timeout|terminated/i.test(messageOf(error));

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Node tries several addresses of one name, and puts their errors behind an empty message. */
const describe = ({ host, port, database }: PostgresSettings, error: unknown): string =>
  `database ${database} at ${host} port ${port}: ${messageOf(error) || codeOf(error)}`;

function refusal(settings: PostgresSettings, cause: unknown): StileError {
  const code = codeOf(cause);
  const remedy = remedies.find(([form]) => form.test(code))?.[1];
  return new StileError('DATABASE_REFUSED', describe(settings, cause), {
    remedy: remedy ?? 'Look into the log of the PostgreSQL server.',
    cause,
  });
}
