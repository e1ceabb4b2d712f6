// The part of a head end that lends guides, put together where it is configured: loans and deposits in a database of
// their own, and the page that a phone opens with a cabinet's code.
import type { HeadEnd } from '../../../sync/headend/headend.ts';
import type { DepositProvider } from '../../../sync/wire/deposits.ts';
import type { Clock } from '../../core/clock.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { Signal } from '../../core/event.ts';
import type { Logger } from '../../core/log.ts';
import { type LoansConfig, policyOf } from './loans-config.ts';
import type { Stores } from './open-store.ts';

export interface LoansParts {
  readonly operator: string;
  readonly headEnd: HeadEnd;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface RunningLoans {
  /** Of the borrowing page, on loopback. */
  readonly pagePort: number;
  stop(): Promise<void>;
}

/**
 * After the head end has started and knows its terminals.
 * @throws StileError NATIVE_PACKAGE_MISSING, FILE_UNREADABLE for `loans.db`, PORT_IN_USE for the page.
 */
export async function composeLoans(config: LoansConfig, parts: LoansParts): Promise<RunningLoans> {
  const [{ LoanOffice }, { LoanPage }] = await Promise.all([
    import('../../../sync/headend/loans/loan-office.ts'),
    import('../../../sync/headend/console/loans/server.ts'),
  ]);
  const { clock, log } = parts;
  const policy = policyOf(config);
  const database = await parts.stores.loans();
  const provider = await providerOf(config, clock, log);
  const office = new LoanOffice({
    ...parts,
    rows: parts.stores.rows,
    database,
    provider,
    policy,
    entropy: systemEntropy,
  });
  const offer = { terms: policy.terms, depositMinor: policy.depositMinor, decimals: config.decimals };
  const page = new LoanPage({ desk: office.codes, offer, origin: config.page.origin ?? null, log });
  await office.start();
  const stop = async (): Promise<void> => {
    await page.close();
    await office.stop();
    await database.close();
  };
  try {
    const pagePort = await page.listen(config.page.port);
    log.info('borrowing page', { port: pagePort });
    return { pagePort, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** No provider of real money has a driver. Without one nothing is held, and what was held before stays unanswered. */
async function providerOf({ deposit }: LoansConfig, clock: Clock, log: Logger): Promise<DepositProvider> {
  if (deposit === undefined) return { request: () => {}, answers: new Signal(), statement: async () => [] };
  const { SimulatedProvider } = await import('../../../simulators/deposits/simulated-provider.ts');
  log.warn('deposits are simulated: no money moves, and the books end with this process');
  return new SimulatedProvider({ clock, entropy: systemEntropy });
}
