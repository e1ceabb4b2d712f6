// The floors that every figure is a ratio to. F0: one Ed25519 verify of 150 bytes, one 4 KiB write into
// a preallocated file and fdatasync. F1: the same verify and a one-row SQLite commit, WAL and FULL, the
// WAL growing.

import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Contender } from './interleave.ts';

const pageBytes = 4096;
const filePages = 1024;

export interface Floor extends Contender {
  close(): void;
}

export function rawFloor(folder: string): Floor {
  const check = signatureCheck();
  const file = openSync(join(folder, 'floor.bin'), 'w+');
  for (let page = 0; page < filePages; page++)
    writeSync(file, Buffer.alloc(pageBytes, 1), 0, pageBytes, page * pageBytes);
  fdatasyncSync(file);
  const page = randomBytes(pageBytes);
  let next = 0;
  return {
    name: 'F0',
    run: () => {
      check();
      writeSync(file, page, 0, pageBytes, (next++ % filePages) * pageBytes);
      fdatasyncSync(file);
    },
    close: () => closeSync(file),
  };
}

export function sqliteFloor(folder: string): Floor {
  const check = signatureCheck();
  const database = new Database(join(folder, 'floor.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB)');
  const insert = database.prepare('INSERT INTO row (body) VALUES (?)');
  const body = randomBytes(400);
  return {
    name: 'F1',
    run: () => {
      check();
      insert.run(body);
    },
    close: () => database.close(),
  };
}

/** What no offline decision can do without. */
export function rawVerify(): Contender {
  return { name: 'verify', run: signatureCheck() };
}

function signatureCheck(): () => void {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const message = randomBytes(150);
  const signature = sign(null, message, privateKey);
  return () => {
    if (!verify(null, message, publicKey, signature)) throw new Error('the floor no longer verifies');
  };
}
