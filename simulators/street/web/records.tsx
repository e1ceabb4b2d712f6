// The journal on the bus beside the head end's ledger: the same rows, so that what has not arrived yet,
// and that nothing arrives twice, can be seen at a glance.
import type { StreetRow, StreetSnapshot } from '../world.ts';
import { keyOf, verdictWords, waitingRefs, wordsOf } from './row-words.ts';
import { records } from './strings.ts';

export function Records({ journal, ledger, counts }: Pick<StreetSnapshot, 'journal' | 'ledger' | 'counts'>) {
  const waiting = waitingRefs(journal, ledger);
  return (
    <section class="records">
      <dl class="counts">
        <Count label={records.ridesInJournal(counts.journalRides)} count={counts.journalRides} />
        <Count label={records.ridesInLedger} count={counts.ledgerRides} />
        <Count label={records.waiting} count={counts.waiting} look={counts.waiting > 0 ? 'count-waiting' : ''} />
      </dl>
      <RowList name={records.journal} hint={records.journalHint} empty={records.emptyJournal}>
        {journal.map((row) => (
          <Row key={keyOf(row)} row={row} waiting={waiting.has(keyOf(row))} />
        ))}
      </RowList>
      <RowList name={records.ledger} hint={records.ledgerHint} empty={records.emptyLedger}>
        {ledger.map((row) => (
          <Row key={keyOf(row)} row={row} waiting={false} inLedger />
        ))}
      </RowList>
    </section>
  );
}

function Count({
  label,
  count,
  look = '',
}: {
  readonly label: string;
  readonly count: number;
  readonly look?: string;
}) {
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

function RowList({ name, hint, empty, children }: RowListProps) {
  return (
    <section class="rows" aria-label={name}>
      <h2>{name}</h2>
      <p class="rows-hint">{hint}</p>
      {children.length === 0 ? <p class="rows-empty">{empty}</p> : <ol>{children}</ol>}
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
    <li class={`row row-${tone}${waiting ? ' row-waiting' : ''}`}>
      <p class="row-main">
        <span class="row-what">{what}</span>
        {why && (
          <span class="row-why" title={row.reason}>
            {why}
          </span>
        )}
        <span class="row-fare">{row.fare}</span>
      </p>
      <p class="row-more">
        <span>#{row.seq}</span>
        <span>{time}</span>
        <span class="row-ref" title={records.reference}>
          {row.ref}
        </span>
        {inLedger && (
          <span class="row-verdict" title={records.verdict}>
            {verdictWords(row.verdict)}
          </span>
        )}
        {waiting && <span class="row-wait">{records.rowWaiting}</span>}
      </p>
    </li>
  );
}
