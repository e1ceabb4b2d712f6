// Everything a head end with cabinets needs beside its rows, put together: loans, deposits, and the codes that
// phones scan. The provider, the database and the head end are passed in.
import type { Clock } from '../../../runtime/core/clock.ts';
import type { Entropy } from '../../../runtime/core/entropy.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import type { DepositProvider } from '../../wire/deposits.ts';
import type { HeadEnd } from '../headend.ts';
import type { IngestStore } from '../store/ingest-store.ts';
import { CodeDesk } from './code-desk.ts';
import type { CodeStore } from './code-store.ts';
import { CommandDispense } from './command-dispense.ts';
import { DepositDesk } from './deposit-desk.ts';
import type { DepositStore } from './deposit-store.ts';
import type { LoanPolicy } from './loan.ts';
import { LoanDesk } from './loan-desk.ts';
import type { LoanStore } from './loan-store.ts';

export interface LoanOfficeOptions {
  readonly operator: string;
  readonly headEnd: Pick<HeadEnd, 'commands' | 'journalKeyOf'>;
  readonly rows: Pick<IngestStore, 'cursors' | 'read'>;
  readonly database: { readonly loans: LoanStore; readonly deposits: DepositStore; readonly codes: CodeStore };
  readonly provider: DepositProvider;
  readonly policy: LoanPolicy;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
}

export class LoanOffice {
  readonly loans: LoanDesk;
  readonly deposits: DepositDesk;
  readonly codes: CodeDesk;

  constructor(options: LoanOfficeOptions) {
    const { headEnd, database, clock } = options;
    this.loans = new LoanDesk({ ...options, loans: database.loans });
    this.deposits = new DepositDesk({ ...options, deposits: database.deposits, loans: database.loans });
    this.codes = new CodeDesk({
      ...options,
      codes: database.codes,
      deposits: this.deposits,
      cabinets: new CommandDispense({ commands: headEnd.commands, clock }),
      keyOf: (terminal) => headEnd.journalKeyOf(terminal),
    });
  }

  /** After the head end has started, so that no order is answered before its rows can be read. */
  async start(): Promise<void> {
    this.deposits.start();
    await this.codes.start();
    this.loans.start();
  }

  /** Database and provider stay open: they are the caller's. */
  async stop(): Promise<void> {
    await this.codes.stop();
    await this.loans.stop();
    await this.deposits.stop();
  }
}
