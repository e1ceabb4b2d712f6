// Puts one terminal together from real parts: the only place that knows them all. Sync comes last, after
// the terminal serves, because no decision waits for it.
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SystemClock } from '../../core/clock.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { messageOf, StileError } from '../../core/errors.ts';
import type { Signal } from '../../core/event.ts';
import { createLogger } from '../../core/log.ts';
import { TrustedTime } from '../../core/trusted-time.ts';
import { readIdentity } from '../../provisioning/identity.ts';
import { BusinessCalendar } from '../../records/business-day.ts';
import type { Payload } from '../../records/payload.ts';
import { openListStore } from '../../store/list-store.ts';
import { openJournal } from '../../store/open-journal.ts';
import { HeldDocuments } from '../../terminal/held-documents.ts';
import type { Shown } from '../../terminal/machine-runner.ts';
import { recover } from '../../terminal/recovery.ts';
import { Terminal } from '../../terminal/terminal.ts';
import type { ChildOrder } from '../child-channel.ts';
import type { TerminalConfig } from '../config.ts';
import { softwareVersion } from '../version.ts';
import { bootIdOf } from './boot-id.ts';
import { indicatorOf, scannerOf } from './devices.ts';
import { FaultyJournal, type TerminalFault } from './faulty-journal.ts';
import { floorReader } from './floors.ts';
import { formatsOf } from './formats.ts';
import type { MachineContext, MachineParts } from './machine-parts.ts';
import { startSync } from './start-sync.ts';
import { SyncEvents } from './sync-events.ts';

export interface RunningTerminal {
  /** What the machine told the people in front of it, and what it tells a screen. */
  readonly shown: Signal<Shown>;
  readonly notices: Signal<ChildOrder>;
  /** An order of the process that started this one; one that the machine does not know changes nothing. */
  order(order: ChildOrder): void;
  /** Starts the connection to the head end; the terminal serves without it. */
  connect(): Promise<void>;
  stop(): Promise<void>;
}

/** Loads what the configured machine needs and nothing of the others. */
export async function composeTerminal(config: TerminalConfig, fault: TerminalFault | null): Promise<RunningTerminal> {
  switch (config.machine) {
    case 'validator': {
      const { validatorParts } = await import('./validator.ts');
      return composeWith(config, fault, (context) => validatorParts(config, context));
    }
    case 'cabinet': {
      const { cabinetParts } = await import('./cabinet.ts');
      return composeWith(config, fault, (context) => cabinetParts(config, context));
    }
    case 'gate-lane': {
      const { gateLaneParts } = await import('./gate-lane.ts');
      return composeWith(config, fault, (context) => gateLaneParts(config, context));
    }
    default:
      return config satisfies never;
  }
}

async function composeWith<Input extends { readonly kind: string }>(
  config: TerminalConfig,
  fault: TerminalFault | null,
  partsOf: (context: MachineContext) => MachineParts<Input>,
): Promise<RunningTerminal> {
  const identity = readIdentity(config.identityFile);
  const clock = new SystemClock();
  const logger = createLogger(config.log.level, { terminal: identity.terminal });
  const time = new TrustedTime({ clock, floorMs: builtAtMs(), rtcKeptPower: config.rtcKeepsPower });
  const [hours = 0, minutes = 0] = config.serviceDayStart.split(':').map(Number);
  const calendar = new BusinessCalendar(config.timeZone, hours * 60 + minutes);
  const bootId = bootIdOf(config.bootId, systemEntropy);
  makeFolder(config.dataFolder);
  const [{ journal: opened, opened: how }, lists, formats] = await Promise.all([
    openJournal({
      directory: config.dataFolder,
      terminal: identity.terminal,
      bootId,
      clock,
      entropy: systemEntropy,
      logger,
      sizeCapBytes: config.journal.sizeCapMebibytes * 1_048_576,
      genesis: ({ cause, previous }) => {
        const moment = time.now();
        const last = previous?.head ? { lastSeq: previous.head.seq, head: previous.head.hash } : {};
        const before = previous ? { previousEpoch: previous.epoch, ...last } : {};
        const payload = {
          act: 'genesis',
          cause,
          operator: identity.operator,
          publicKey: identity.journalKey.publicKey,
          ...before,
        };
        return { type: 'GENESIS', payload, moment, day: calendar.dayOf(moment.wallMs) };
      },
    }),
    openListStore(config.dataFolder, logger),
    formatsOf(config),
  ]);
  const journal = fault ? new FaultyJournal(opened, fault, clock) : opened;
  const recovered = recover(journal);
  const machine = partsOf({ identity, journal, recovered, calendar, clock, logger, now: () => time.now() });
  const writeList = async (payload: Payload): Promise<void> => {
    await terminal.write('LIST', payload);
  };
  const documents = new HeldDocuments({
    lists,
    operator: identity.operator,
    roots: identity.roots,
    logger,
    floorOf: floorReader(journal),
    journal: writeList,
    ...(machine.checkRules && { checkRules: machine.checkRules }),
  });
  documents.load();
  time.raiseFloor(Math.max(recovered.syncedMs, documents.newestIssuedAt() * 1000));
  const events = new SyncEvents({
    write: (type, payload, projections) => terminal.write(type, payload, projections),
    monoMs: () => clock.monoMs(),
    logger,
  });
  const terminal: Terminal<Input> = new Terminal<Input>(
    {
      operator: identity.operator,
      terminal: identity.terminal,
      software: softwareVersion,
      bootId,
      journal,
      documents,
      scanner: scannerOf(config, clock, logger),
      indicator: machine.indicator ?? indicatorOf(config, clock, logger),
      time,
      calendar,
      clock,
      entropy: systemEntropy,
      logger,
      signer: identity.journalKey,
      connection: events.connection,
      formats,
    },
    recovered,
    machine.openDesk,
  );
  events.online.on((online) => terminal.networkChanged(online));
  if (how.how === 'salvaged')
    logger.error('journal was damaged; a new epoch begins', {
      code: 'JOURNAL_CORRUPT',
      count: how.lost,
      detail: how.problem,
    });
  await terminal.start({
    reason: how.how,
    ...(how.problem ? { detail: how.problem.slice(0, 120).toWellFormed() } : {}),
  });
  let connecting: ReturnType<typeof startSync> | null = null;
  return {
    shown: terminal.shown,
    notices: machine.notices,
    order: (order) => {
      const input = machine.inputOf(order, clock.monoMs());
      if (input !== null) terminal.input(input);
    },
    connect: async () => {
      connecting = startSync({
        config,
        machine,
        identity,
        journal,
        documents,
        time,
        clock,
        logger,
        events,
      });
      await connecting;
    },
    stop: async () => {
      await terminal.stop();
      // Asked to end while it still loads: what then starts must find the journal open.
      const sync = await connecting?.catch(() => null);
      await sync?.stop();
      await journal.close();
      lists.close();
    },
  };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StileError('JOURNAL_UNAVAILABLE', `data folder ${folder}: ${messageOf(cause)}`, {
      remedy: 'Set "dataFolder" to a folder that the terminal\'s user may create or write.',
      cause,
    });
  }
}

/** No time before this software was built is believed. */
const builtAtMs = (): number => Math.floor(statSync(fileURLToPath(import.meta.url)).mtimeMs);
