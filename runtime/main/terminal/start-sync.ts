// A terminal's connection to its head end, put together from real parts.
import { secondsOf, type UnixSeconds } from '../../core/brand.ts';
import type { Clock } from '../../core/clock.ts';
import { systemEntropy } from '../../core/entropy.ts';
import type { Logger } from '../../core/log.ts';
import type { TrustedTime } from '../../core/trusted-time.ts';
import type { Identity } from '../../provisioning/identity.ts';
import type { Journal } from '../../store/journal.ts';
import type { HeldDocuments } from '../../terminal/held-documents.ts';
import type { TerminalConfig } from '../config.ts';
import { softwareVersion } from '../version.ts';
import { journalledTime } from './journalled-time.ts';
import type { MachineParts } from './machine-parts.ts';
import type { SyncEvents } from './sync-events.ts';
import { readTls } from './tls-material.ts';

export interface SyncParts {
  readonly config: TerminalConfig;
  readonly machine: Pick<MachineParts<unknown>, 'documents' | 'sync' | 'connect' | 'keepaliveSeconds'>;
  readonly identity: Identity;
  readonly journal: Journal;
  readonly documents: HeldDocuments;
  readonly time: TrustedTime;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: SyncEvents;
}

/** Loaded after the terminal serves: mqtt.js is the heaviest part and no decision needs it. */
export async function startSync(parts: SyncParts): Promise<{ stop(): Promise<void> }> {
  const [{ TerminalSync }, { MqttLink }, { documentSink }] = await Promise.all([
    import('../../../sync/terminal/terminal-sync.ts'),
    import('../../../sync/terminal/link/mqtt-link.ts'),
    import('./document-sink.ts'),
  ]);
  const { config, machine, identity, journal, documents, time, clock, logger, events } = parts;
  const now = (): UnixSeconds | null => {
    const moment = time.now();
    return moment.state === 'UNTRUSTED' ? null : secondsOf(moment.wallMs);
  };
  const sync = new TerminalSync({
    operator: identity.operator,
    terminal: identity.terminal,
    journal,
    keys: identity.journalKey,
    link: new MqttLink({
      brokers: config.brokers,
      clientId: identity.terminal,
      clock,
      entropy: systemEntropy,
      log: logger,
      ...(machine.keepaliveSeconds && { keepaliveSeconds: machine.keepaliveSeconds }),
      ...(config.tls && { tls: readTls(config.tls) }),
    }),
    clock,
    entropy: systemEntropy,
    time: journalledTime(time, events.write),
    sink: documentSink(documents),
    ...(machine.documents && { documents: machine.documents }),
    ...machine.sync?.(),
    software: softwareVersion,
    clockState: () => time.now().state,
    now,
  });
  events.follow(sync);
  sync.start();
  const more = await machine.connect?.({ identity, documents, clock, logger, now, tls: config.tls ?? null });
  return {
    stop: async () => {
      await more?.stop();
      await sync.stop();
    },
  };
}
