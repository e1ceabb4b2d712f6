// Finds what was used twice on machines that could not ask each other. Each was right to accept it; which one
// counts is decided here, from the rows: the earliest redemption at a trusted time.
import { isBytes } from '../../runtime/core/cbor.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import { decodeRow, type Row } from '../../runtime/records/row.ts';
import type { IngestStore, LedgerRow } from './store/ingest-store.ts';
import { isRedemption, ticketOf } from './ticket.ts';

/** Rows of one ticket that are compared; a ticket with more of them has long been reported. */
export const rowsPerTicket = 512;

export class DoubleUse {
  readonly #store: IngestStore;
  readonly #clock: Clock;

  constructor(options: { readonly store: IngestStore; readonly clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /** Of a stored row, with every other that is stored by now. */
  async examine(stored: LedgerRow, row: Row): Promise<void> {
    const ticket = ticketOf(row);
    if (ticket)
      return isRedemption(row) ? this.#reconcile(await this.#store.sameTicket(ticket, rowsPerTicket)) : undefined;
    if (isBytes(row.payload.digest)) await this.#compareCodes(stored, row);
  }

  /** Redemptions beyond the uses of a ticket, unless one machine alone has given them all. */
  async #reconcile(rows: readonly LedgerRow[]): Promise<void> {
    const known = rows.map((stored) => ({ stored, row: decodeRow(stored.body) }));
    const uses = Math.max(1, ...known.flatMap(({ row }) => (row.type === 'INTENT' ? [row.payload.count ?? 1] : [])));
    const redeemed = known.filter(({ row }) => isRedemption(row)).sort((a, b) => order(a.row, b.row));
    const [first] = redeemed;
    for (const { stored, row } of redeemed.slice(uses)) {
      const winner = redeemed.slice(0, uses).find((other) => other.row.terminal !== row.terminal);
      if (!first || !winner) continue;
      await this.#store.report({
        kind: 'double_use',
        terminal: stored.terminal,
        epoch: stored.epoch,
        seq: stored.seq,
        detail: `used at ${placeOf(winner.row)}, row ${winner.stored.ref}, and again at ${placeOf(row)}`,
        openedMs: this.#clock.wallMs(),
      });
    }
  }

  /** The same code on two terminals: one of them is to be reviewed. */
  async #compareCodes(stored: LedgerRow, row: Row): Promise<void> {
    const [other] = await this.#store.sameDigest(stored);
    if (!other) return;
    const later = decodeRow(other.body).tWallMs > row.tWallMs ? other : stored;
    const earlier = later === other ? stored : other;
    await this.#store.report({
      kind: 'double_use',
      terminal: later.terminal,
      epoch: later.epoch,
      seq: later.seq,
      detail: `the same code was accepted on ${earlier.terminal}, row ${earlier.ref}`,
      openedMs: this.#clock.wallMs(),
    });
  }
}

/** A time that its terminal did not trust comes after every one that was trusted. */
const order = (a: Row, b: Row): number =>
  Number(a.clock.state === 'UNTRUSTED') - Number(b.clock.state === 'UNTRUSTED') ||
  a.tWallMs - b.tWallMs ||
  (a.terminal < b.terminal ? -1 : a.terminal > b.terminal ? 1 : a.seq - b.seq);

const placeOf = ({ payload, terminal }: Row): string =>
  payload.place === undefined ? terminal : `${payload.place} (${terminal})`;
