// What a figure was measured on: without it a figure says nothing. No names, no paths.
import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import Database from 'better-sqlite3';

export function machineFacts(folder: string): readonly string[] {
  const [processor] = cpus();
  const mebibytes = Math.round(totalmem() / 1_048_576);
  const database = new Database(':memory:');
  const sqlite = database.prepare('SELECT sqlite_version()').pluck().get();
  database.close();
  return [
    `${cpus().length} x ${processor?.model.trim() ?? 'unknown processor'}, ${mebibytes} MiB, load ${loadavg()[0]?.toFixed(2)}`,
    `Node ${process.versions.node}, SQLite ${sqlite}, kernel ${release()}, ${fileSystemOf(folder)}`,
  ];
}

function fileSystemOf(folder: string): string {
  const { stdout } = spawnSync('stat', ['--file-system', '--format', '%T', folder], { encoding: 'utf8' });
  return stdout.trim() || 'unknown file system';
}
