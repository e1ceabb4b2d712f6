// A row of a terminal's journal, or of the head end's ledger, as the page shows it.
export interface StreetRow {
  readonly terminal: string;
  readonly seq: number;
  readonly ref: string;
  readonly type: string;
  readonly act: string;
  readonly reason: string;
  readonly at: string;
  readonly fare: string;
  /** Only in the ledger: what the second pass said of the evidence. */
  readonly verdict?: string;
}
