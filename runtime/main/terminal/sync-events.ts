// What sync reports, written down where it must be kept: receipts into the chain, what an attacker or a
// broken head end may have done as SECURITY rows, the rest into the log.

import type { CommandEvent } from '../../../sync/terminal/commands.ts';
import type { DownlinkEvent } from '../../../sync/terminal/downlink.ts';
import type { TerminalSync } from '../../../sync/terminal/terminal-sync.ts';
import type { UplinkEvent } from '../../../sync/terminal/uplink.ts';
import { hex } from '../../core/bytes.ts';
import { messageOf } from '../../core/errors.ts';
import { Signal } from '../../core/event.ts';
import type { Logger } from '../../core/log.ts';
import type { Payload } from '../../records/payload.ts';
import type { RowType } from '../../records/row-types.ts';
import type { Projection } from '../../store/journal.ts';
import type { Connection } from '../../terminal/desk.ts';
import { coverage } from '../../terminal/pruner.ts';

/** SECURITY rows a noisy broker can cause per hour; more are only logged. */
export const securityRowsPerHour = 30;
const hourMs = 3_600_000;

export interface SyncEventsOptions {
  readonly write: (type: RowType, payload: Payload, projections: readonly Projection[]) => Promise<unknown>;
  readonly monoMs: () => number;
  readonly logger: Logger;
}

export class SyncEvents {
  /** Whether the head end can be reached, after each change. */
  readonly online = new Signal<boolean>();
  readonly #options: SyncEventsOptions;
  #ackedSeq: number | null = null;
  #online = false;
  #hour = { startedMs: 0, rows: 0 };

  constructor(options: SyncEventsOptions) {
    this.#options = options;
  }

  readonly connection = (): Connection => ({ online: this.#online, ackedSeq: this.#ackedSeq });

  follow(sync: TerminalSync): void {
    sync.changed.on(({ connected, headEnd }) => {
      const online = connected && headEnd;
      if (online === this.#online) return;
      this.#online = online;
      this.online.emit(online);
    });
    sync.uplink.events.on((event) => this.#uplink(event));
    sync.downlink.events.on((event) => this.#downlink(event));
    sync.commands?.events.on((event) => this.#command(event));
  }

  #uplink(event: UplinkEvent): void {
    switch (event.kind) {
      case 'acked':
        this.#ackedSeq = event.upto;
        return;
      case 'receipt':
        return this.write('RECEIPT', { act: 'receipt', lastSeq: event.upto, document: event.document }, [
          coverage(event.epoch, event.upto),
        ]);
      case 'ack-refused':
        return this.#security('ack refused', event.problem);
      case 'rejected':
        return this.#security('rows rejected', event.rejection.code);
      case 'stalled':
        return this.#security('rows stalled', event.code);
      case 'rows-absent':
        return this.#security('rows absent', `from ${event.range[0]}`);
      case 'head-mismatch':
      case 'journal-behind':
      case 'head-end-went-back':
        return this.#security(event.kind, `row ${event.seq}`);
      default:
        event satisfies never;
    }
  }

  #downlink(event: DownlinkEvent): void {
    if (event.kind === 'refused') return this.#security(`${event.name} refused`, event.refusal);
    this.#options.logger.info('document in force', { kind: event.name, version: event.version, state: event.kind });
  }

  #command(event: CommandEvent): void {
    const { logger } = this.#options;
    if (event.kind === 'refused')
      return this.#security('command refused', event.refusal, event.commandId ? { commandId: event.commandId } : {});
    const ref = hex(event.commandId);
    if (event.kind === 'failed') logger.warn('command not carried out', { ref, detail: event.detail });
    else logger.info('command', { ref, state: event.kind });
  }

  #security(what: string, detail: string, more: Omit<Payload, 'act'> = {}): void {
    this.#options.logger.warn(what, { code: 'DOCUMENT_REFUSED', detail });
    const now = this.#options.monoMs();
    if (now - this.#hour.startedMs >= hourMs) this.#hour = { startedMs: now, rows: 0 };
    if (this.#hour.rows++ < securityRowsPerHour)
      this.write('SECURITY', { act: what, detail: detail.slice(0, 80).toWellFormed(), ...more });
  }

  /** Writes a row that nobody waits for. */
  readonly write = (type: RowType, payload: Payload, projections: readonly Projection[] = []): void => {
    this.#options.write(type, payload, projections).catch((error: unknown) => {
      this.#options.logger.warn('sync event not journaled', { kind: type, detail: messageOf(error) });
    });
  };
}
