// `stile headend init`: everything a head end with a real broker needs, in one folder and by one command. Each key is made
// here and now; there is no default account and no password.
import { existsSync, readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { OperatorKeys } from '../../../simulators/issuer/root.ts';
import { mosquittoAccess, mosquittoConfig } from '../../../sync/headend/broker/mosquitto-files.ts';
import { secondsOf } from '../../core/brand.ts';
import { hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import { StileError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { headEndKeys } from '../street/setting.ts';
import { Certificates } from './certificates.ts';
import { readFares, readHeadEndConfig } from './config.ts';
import { openStores } from './open-store.ts';
import { type SiteFiles, serviceName, siteFiles, writeJsonWhole, writeWhole } from './site-folder.ts';

export const certificateDays = { server: 730, service: 730, terminal: 365 } as const;

export interface InitOptions {
  readonly operator: string;
  /** Names and addresses of the broker, as terminals reach it; the first stands in what is told to them. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly servicePort: number;
  readonly store: 'sqlite' | 'postgresql';
  /** Of the database; the configuration's default where nothing is said. */
  readonly databaseHost: string | null;
}

export interface World {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
}

/** @throws StileError USAGE for a folder that holds something, DATABASE_REFUSED. */
export async function initHeadEnd(folder: string, options: InitOptions, world: World): Promise<SiteFiles> {
  const files = siteFiles(folder);
  if (existsSync(files.root) && readdirSync(files.root).length > 0) {
    throw new StileError('USAGE', `${files.root} is not empty`, {
      remedy: 'Name a new folder. Keys that exist are never overwritten.',
    });
  }
  await writeBroker(files, options, world);
  writeHeadEnd(files, options, world);
  const config = readHeadEndConfig(files.headEnd.config);
  readFares(config.faresFile);
  const stores = await openStores(config.store, config.dataFolder, world);
  await stores.rows.close();
  return files;
}

async function writeBroker(files: SiteFiles, options: InitOptions, { clock, entropy }: World): Promise<void> {
  const { operator, hosts, port, servicePort } = options;
  const certificates = await Certificates.create(files, operator, clock, entropy);
  const names = [...new Set([...hosts, 'localhost', '127.0.0.1'])];
  await certificates.issue(hosts[0] ?? 'localhost', { kind: 'server', names }, certificateDays.server, files.broker);
  await certificates.issue(serviceName, { kind: 'client' }, certificateDays.service, files.headEnd);
  const host = '0.0.0.0';
  const broker = { operator, folder: files.broker.folder, service: serviceName, host, port, servicePort };
  writeWhole(files.broker.config, mosquittoConfig(broker));
  writeWhole(files.broker.access, mosquittoAccess(broker));
}

function writeHeadEnd(files: SiteFiles, options: InitOptions, { clock }: World): void {
  const now = secondsOf(clock.wallMs());
  const keys = OperatorKeys.create(options.operator);
  const { headEnd } = files;
  const from = (file: string): string => relative(files.root, file);
  writeJsonWhole(files.roots, keys.write(), 0o600);
  writeJsonWhole(headEnd.keys, headEndKeys(keys), 0o600);
  writeWhole(headEnd.trust, keys.trustList([], 1, now));
  writeJsonWhole(headEnd.fares, noFares(now));
  writeJsonWhole(headEnd.config, {
    operator: options.operator,
    dataFolder: from(headEnd.data),
    keysFile: from(headEnd.keys),
    trustListFile: from(headEnd.trust),
    faresFile: from(headEnd.fares),
    broker: {
      kind: 'mqtt',
      url: `mqtts://localhost:${options.servicePort}`,
      tls: {
        caFile: from(headEnd.authority),
        certificateFile: from(headEnd.certificate),
        keyFile: from(headEnd.key),
      },
    },
    store: { kind: options.store, ...(options.databaseHost !== null && { host: options.databaseHost }) },
    roots: {
      gen: keys.rootSet.gen,
      need: keys.rootSet.need,
      keys: keys.rootSet.keys.map(({ kid, publicKey }) => ({ kid: hex(kid), publicKey: hex(publicKey) })),
    },
    terminals: [],
  });
}

/** Nothing has a price yet, so nothing is sold. */
const noFares = (now: number) => ({
  version: 1,
  effectiveFrom: now,
  effectiveUntil: null,
  notice: '',
  currency: 'EUR',
  serviceDayStart: 270,
  maxFare: 1,
  unknownFare: { policy: 'reject' },
  products: [],
  lines: [],
});
