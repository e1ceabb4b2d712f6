// The configuration of an embedded head end, and the files it names.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { HeadEndSigners } from '../../../sync/headend/publisher.ts';
import { readSitePeers } from '../../../sync/wire/site-peers.ts';
import type { Bytes } from '../../core/bytes.ts';
import { fromHex } from '../../core/bytes.ts';
import { type CborInput, decodeCbor, documentProfile, encodeCbor } from '../../core/cbor.ts';
import { messageOf, StileError } from '../../core/errors.ts';
import { decodeFareTable, encodeFareTable } from '../../fares/fare-document.ts';
import type { CoseSigner } from '../../tokens/cose.ts';
import { algorithms, kidOf } from '../../tokens/keys.ts';
import type { RootSet } from '../../tokens/trust-list.ts';
import { wholeNumber } from '../config/fields.ts';
import { parseConfig } from '../config/parse.ts';
import { tlsFrom } from '../config/shared.ts';
import { type BrokerConfig, brokerSchema } from './broker-config.ts';
import { type LoansConfig, loansSchema } from './loans-config.ts';
import { readText } from './read-text.ts';
import { type StoreConfig, storeConfigOf, storeSchema } from './store-config.ts';

const id = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 of A-Z a-z 0-9 _ -');
const hexOf = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `must be ${bytes * 2} hexadecimal digits`);
const path = z.string().min(1).max(4096);

const headEndSchema = z.strictObject({
  operator: id,
  host: id.default('headend-1'),
  dataFolder: path,
  keysFile: path,
  trustListFile: path,
  faresFile: path,
  rulesFile: path.optional(),
  port: wholeNumber(0, 65_535).default(1883),
  roots: z.strictObject({
    gen: z.int().min(1),
    need: wholeNumber(1, 4),
    keys: z
      .array(z.strictObject({ kid: hexOf(4), publicKey: hexOf(32) }))
      .min(2)
      .max(4),
  }),
  terminals: z.array(z.strictObject({ id, journalKey: hexOf(32) })).max(1_000),
  zones: z
    .array(
      z.strictObject({
        site: id,
        zone: id,
        capacity: wholeNumber(1, 1_000_000),
        lanes: z.array(id).min(1).max(64),
        places: wholeNumber(1, 1_000).default(20),
        lifeSeconds: wholeNumber(30, 86_400).default(900),
        guardSeconds: wholeNumber(5, 300).default(5),
      }),
    )
    .max(64)
    .default([]),
  store: storeSchema,
  broker: brokerSchema,
  loans: loansSchema.optional(),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .default({ level: 'info' }),
});

export interface HeadEndConfig
  extends Omit<z.infer<typeof headEndSchema>, 'roots' | 'terminals' | 'rulesFile' | 'loans' | 'store' | 'broker'> {
  readonly broker: BrokerConfig;
  readonly store: StoreConfig;
  /** Null for a head end without cabinets. */
  readonly loans: LoansConfig | null;
  /** Null where no site's rules are published. */
  readonly rulesFile: string | null;
  readonly roots: RootSet;
  readonly terminals: readonly { readonly id: string; readonly journalKey: Bytes }[];
}

/** @throws StileError CONFIG_UNREADABLE, CONFIG_INVALID with one line per wrong key. */
export function readHeadEndConfig(file: string): HeadEndConfig {
  const config = parseConfig(file, headEndSchema);
  const from = (relative: string): string => resolve(dirname(file), relative);
  return {
    ...config,
    loans: config.loans ?? null,
    broker: brokerOf(config.broker, from),
    store: storeConfigOf(config.store, from),
    dataFolder: from(config.dataFolder),
    keysFile: from(config.keysFile),
    trustListFile: from(config.trustListFile),
    faresFile: from(config.faresFile),
    rulesFile: config.rulesFile === undefined ? null : from(config.rulesFile),
    roots: {
      ...config.roots,
      keys: config.roots.keys.map(({ kid, publicKey }) => ({ kid: fromHex(kid), publicKey: fromHex(publicKey) })),
    },
    terminals: config.terminals.map((terminal) => ({ id: terminal.id, journalKey: fromHex(terminal.journalKey) })),
  };
}

function brokerOf(broker: z.infer<typeof brokerSchema>, from: (relative: string) => string): BrokerConfig {
  if (broker.kind === 'embedded') return broker;
  return { kind: 'mqtt', url: broker.url, tls: broker.tls === undefined ? null : tlsFrom(broker.tls, from) };
}

const privateKey = z.string().regex(/^[0-9a-f]{64,1024}$/, 'must be a PKCS #8 key in DER, hexadecimal');
const keysSchema = z.strictObject({
  deny: privateKey,
  fares: privateKey,
  receipts: privateKey,
  sealing: privateKey,
  config: privateKey.optional(),
  commands: privateKey.optional(),
});
export type HeadEndKeysFile = z.infer<typeof keysSchema>;

export interface HeadEndKeys {
  readonly signers: HeadEndSigners;
  /** X25519. */
  readonly sealing: KeyObject;
}

/** Ed25519 keys for documents, X25519 to open evidence. @throws StileError IDENTITY_INVALID where others may read the file. */
export function readHeadEndKeys(file: string): HeadEndKeys {
  const keys = parseConfig(file, keysSchema);
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new StileError('IDENTITY_INVALID', `keys file ${file} is readable by other users`, {
      remedy: `Run: chmod 600 ${file}`,
    });
  }
  const signer = (der: string): CoseSigner => {
    const key = keyFrom(der);
    return { alg: algorithms.EdDSA, kid: kidOf(key), privateKey: key };
  };
  return {
    signers: {
      deny: signer(keys.deny),
      fares: signer(keys.fares),
      receipts: signer(keys.receipts),
      config: keys.config === undefined ? null : signer(keys.config),
      commands: keys.commands === undefined ? null : signer(keys.commands),
    },
    sealing: keyFrom(keys.sealing),
  };
}

/**
 * The fare table as an operator writes it: JSON with the keys of the signed body. Returns the canonical body.
 * @throws StileError FILE_UNREADABLE, CONFIG_INVALID naming the file and what is wrong in it.
 */
export function readFares(file: string): Bytes {
  const text = readText(file);
  try {
    const json = JSON.parse(text) as CborInput;
    return encodeCbor(encodeFareTable(decodeFareTable(decodeCbor(encodeCbor(json), documentProfile))));
  } catch (cause) {
    throw new StileError('CONFIG_INVALID', `fare table ${file}: ${messageOf(cause)}`, {
      remedy: 'Correct the file; docs/configuration.md names its keys.',
      cause,
    });
  }
}

/**
 * A site's rules as an operator writes them: JSON with the keys of the signed body, public keys of peers in
 * hexadecimal. Returns the canonical body.
 * @throws StileError FILE_UNREADABLE, CONFIG_INVALID naming the file and what is wrong in it.
 */
export function readRules(file: string): Bytes {
  const text = readText(file);
  try {
    const { peers = [], ...rules } = writtenRulesSchema.parse(JSON.parse(text));
    const body = { ...(rules as Readonly<Record<string, CborInput>>), peers: peers.map(peerBody) };
    const bytes = encodeCbor(body);
    const read = readSitePeers(decodeCbor(bytes, documentProfile));
    if (!read.ok) throw new RangeError(read.problem);
    return bytes;
  } catch (cause) {
    throw new StileError('CONFIG_INVALID', `site rules ${file}: ${messageOf(cause)}`, {
      remedy: 'Correct the file; docs/configuration.md names its keys.',
      cause,
    });
  }
}

const writtenRulesSchema = z.looseObject({
  version: z.int().min(1),
  site: z.int().min(0).max(0xffff_ffff),
  peers: z.array(z.strictObject({ lane: id, terminal: id, key: hexOf(32) })).optional(),
});

const peerBody = ({ key, ...peer }: { lane: string; terminal: string; key: string }): CborInput => ({
  ...peer,
  key: fromHex(key),
});

const keyFrom = (der: string): KeyObject =>
  createPrivateKey({ key: Buffer.from(fromHex(der)), format: 'der', type: 'pkcs8' });
