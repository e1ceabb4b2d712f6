// Puts a head end together from what its configuration names. Without more than it must: broker and SQLite store in
// one process, for a demonstration, a test, or one small site.
import { readFileSync } from 'node:fs';
import { HeadEnd } from '../../../sync/headend/headend.ts';
import { Retention } from '../../../sync/headend/retention.ts';
import { TokenJudge } from '../../../sync/headend/token-judge.ts';
import { secondsOf } from '../../core/brand.ts';
import { fromHex } from '../../core/bytes.ts';
import { SystemClock } from '../../core/clock.ts';
import { messageOf, StileError } from '../../core/errors.ts';
import { createLogger } from '../../core/log.ts';
import { openTrustList } from '../../tokens/trust-list.ts';
import { composeLoans } from './compose-loans.ts';
import { type HeadEndConfig, readFares, readHeadEndKeys, readRules } from './config.ts';
import { openExchange } from './open-exchange.ts';
import { openStores } from './open-store.ts';
import { openOrderSocket } from './order-socket.ts';
import { carryOutOrder } from './orders.ts';

export interface RunningHeadEnd {
  /** Of the embedded broker; null where the broker is elsewhere. */
  readonly port: number | null;
  /** Of the borrowing page; null without loans. */
  readonly pagePort: number | null;
  deny(issuer: string, account: string): Promise<void>;
  pardon(issuer: string, account: string): Promise<void>;
  stop(): Promise<void>;
}

export async function composeHeadEnd(
  config: HeadEndConfig,
  workers: number,
  prepareStore: (file: string) => Promise<void>,
): Promise<RunningHeadEnd> {
  const clock = new SystemClock();
  const log = createLogger(config.log.level, { kind: 'headend' });
  const keys = readHeadEndKeys(config.keysFile);
  if (config.loans !== null && keys.signers.commands === null) {
    throw new StileError('CONFIG_INVALID', 'loans are configured, and there is no key that signs commands', {
      remedy: 'Add the key "commands" to the keys file, and publish a trust list that names it with use 8.',
    });
  }
  const trustList = readBytes(config.trustListFile);
  const trust = openTrustList(trustList, config.operator, config.roots, null);
  if (!trust.ok) {
    throw new StileError('DOCUMENT_REFUSED', `trust list ${config.trustListFile}: ${trust.refusal}: ${trust.detail}`, {
      remedy: 'Name a trust list that one of the configured roots signed for this operator.',
    });
  }
  const fares = readFares(config.faresFile);
  const rules = config.rulesFile === null ? null : readRules(config.rulesFile);
  const stores = await openStores(config.store, config.dataFolder, { clock, log });
  const store = stores.rows;
  if (stores.file !== null) await prepareStore(stores.file);
  const broker = await openExchange(config, workers, clock, log);
  const headEnd = new HeadEnd({
    operator: config.operator,
    host: config.host,
    store,
    exchange: broker.exchange,
    ...(broker.workers && { workers: broker.workers }),
    clock,
    log,
    signers: keys.signers,
    sealingKey: keys.sealing,
    judge: new TokenJudge(() => trust.view),
    zones: config.zones,
  });
  await headEnd.start();
  for (const terminal of config.terminals) await headEnd.enrol(terminal.id, terminal.journalKey);
  await headEnd.publisher.publishTrust(trustList, trust.view.version);
  await headEnd.deny.open();
  await headEnd.publisher.publishLarge('fares', fares);
  if (rules) await headEnd.publisher.publishLarge('rules', rules);
  const { retentionDays } = config.store;
  const retention = retentionDays === null ? null : new Retention({ store, days: retentionDays, clock, log });
  retention?.start();
  const parts = { operator: config.operator, headEnd, stores, clock, log };
  const orders = await openOrderSocket(
    config.dataFolder,
    (order) => carryOutOrder(order, { commands: headEnd.commands, zones: config.zones }),
    log,
  );
  const loans = config.loans === null ? null : await composeLoans(config.loans, parts);
  return {
    port: broker.port,
    pagePort: loans?.pagePort ?? null,
    deny: async (issuer, account) => void (await headEnd.denyAccount(issuer, fromHex(account))),
    pardon: async (issuer, account) => void (await headEnd.pardonAccount(issuer, fromHex(account))),
    stop: async () => {
      await orders.close();
      await loans?.stop();
      await retention?.stop();
      await headEnd.stop();
      await broker.close();
      await store.close();
      log.info('head end stopped', { count: secondsOf(clock.wallMs()) });
    },
  };
}

function readBytes(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw new StileError('FILE_UNREADABLE', `trust list ${file}: ${messageOf(cause)}`, {
      remedy: 'Check the path and its permissions.',
      cause,
    });
  }
}
