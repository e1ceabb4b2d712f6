// How much of a database SQLite keeps in memory, for each connection. better-sqlite3 is compiled with 16 MB a
// connection, which a terminal's three would fill within a day; what a decision reads is far smaller.
import type Database from 'better-sqlite3';

export const pageCacheKibibytes = { writer: 1_024, reader: 512, lists: 512 } as const;

export function limitPageCache(database: Database.Database, kibibytes: number): void {
  database.pragma(`cache_size = -${kibibytes}`);
}
