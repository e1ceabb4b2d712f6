// The journals of all machines beside the head end's ledger: the same rows, so that what has not arrived yet, and that
// nothing arrives twice, can be seen at a glance.
import { useState } from 'preact/hooks';
import type { StreetRow } from '../street-row.ts';
import type { StreetSnapshot } from '../world.ts';
import { keyOf, merged, verdictWords, waitingRefs, wordsOf } from './row-words.ts';
import { areas, records } from './strings.ts';

export function Records({ snapshot }: { readonly snapshot: StreetSnapshot }) {
  const { counts, museum, terminal } = snapshot;
  const [shown, setShown] = useState('');
  const of = (rows: readonly StreetRow[]): readonly StreetRow[] =>
    shown === '' ? rows : rows.filter((row) => row.terminal === shown);
  const waiting = new Set([...waitingRefs(snapshot.journal, snapshot.ledger), ...(museum?.waiting ?? [])]);
  const waitingCount = counts.waiting + (museum?.waiting.length ?? 0);
  const machines = museum ? [terminal.id, ...[...museum.lanes, ...museum.cabinets].map(({ id }) => id)] : [];
  return (
    <section class="records" id="records" aria-label={areas.records}>
      <div class="records-head">
        <dl class="counts">
          <Count label={records.ridesInJournal(counts.journalRides)} count={counts.journalRides} />
          <Count label={records.ridesInLedger} count={counts.ledgerRides} />
          <Count label={records.waiting} count={waitingCount} look={waitingCount > 0 ? 'count-waiting' : ''} />
        </dl>
        {machines.length > 0 && (
          <label class="shown">
            {records.shown}
            <select value={shown} onChange={(event) => setShown(event.currentTarget.value)}>
              <option value="">{records.allMachines}</option>
              {machines.map((id) => (
                <option key={id} value={id}>
                  {id}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <RowList name={records.journal} hint={records.journalHint} empty={records.emptyJournal}>
        {of(merged(snapshot.journal, museum?.journal ?? [])).map((row) => (
          <Row key={keyOf(row)} row={row} waiting={waiting.has(keyOf(row))} />
        ))}
      </RowList>
      <RowList name={records.ledger} hint={records.ledgerHint} empty={records.emptyLedger}>
        {of(merged(snapshot.ledger, museum?.ledger ?? [])).map((row) => (
          <Row key={keyOf(row)} row={row} waiting={false} inLedger />
        ))}
      </RowList>
    </section>
  );
}

interface CountProps {
  readonly label: string;
  readonly count: number;
  readonly look?: string;
}

function Count({ label, count, look = '' }: CountProps) {
  return (
    <div class={`count ${look}`}>
      <dt>{label}</dt>
      <dd>{count}</dd>
    </div>
  );
}

interface RowListProps {
  readonly name: string;
  readonly hint: string;
  readonly empty: string;
  readonly children: preact.ComponentChild[];
}

/** It scrolls by itself, so it can be reached by the keyboard. */
function RowList({ name, hint, empty, children }: RowListProps) {
  return (
    <section class="rows" aria-label={name}>
      <h2>
        {name} <span class="rows-hint">{hint}</span>
      </h2>
      {children.length === 0 ? (
        <p class="rows-empty">{empty}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a pointer.
        <ol class="rows-list" tabIndex={0} aria-label={name}>
          {children}
        </ol>
      )}
    </section>
  );
}

interface RowProps {
  readonly row: StreetRow;
  readonly waiting: boolean;
  readonly inLedger?: boolean;
}

function Row({ row, waiting, inLedger = false }: RowProps) {
  const { what, why, time, tone } = wordsOf(row);
  return (
    <li class={`row row-${tone}${waiting ? ' row-waiting' : ''}`} data-machine={row.terminal}>
      <p class="row-main">
        <span class="row-where">{row.terminal}</span>
        <span class="row-what">{what}</span>
        {why && (
          <span class="row-why" title={row.reason}>
            {why}
          </span>
        )}
        <span class="row-fare">{row.fare}</span>
      </p>
      <p class="row-more">
        {inLedger && (
          <span class="row-verdict" title={records.verdict}>
            {verdictWords(row.verdict)}
          </span>
        )}
        {waiting && <span class="row-wait">{records.rowWaiting}</span>}
        <span>#{row.seq}</span>
        <span class="row-ref" title={records.reference}>
          {row.ref}
        </span>
        {!inLedger && <span>{time}</span>}
      </p>
    </li>
  );
}
