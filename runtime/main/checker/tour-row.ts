// The checker's own reading of a journal row. It deliberately repeats the layout and the few payload
// numbers it needs instead of importing them: a mistake in the terminal's encoder must not be able to
// excuse itself here.
import { createHash } from 'node:crypto';
import { decode } from 'cborg';

/** What one row says, as far as the verdict needs it. Byte strings as lower-case hexadecimal. */
export interface RowFacts {
  readonly terminal: string;
  readonly epoch: number;
  readonly seq: number;
  /** Milliseconds of CLOCK_MONOTONIC when the row was made. */
  readonly tMonoMs: number;
  readonly day: string;
  readonly type: string;
  readonly act: string;
  readonly reason: string | null;
  readonly account: string | null;
  readonly digest: string | null;
  readonly hasEvidence: boolean;
  /** Seq of the newest accepted row of this epoch whose cue was shown. */
  readonly signalled: number | null;
  /** How many presentations an aggregate row stands for. */
  readonly occurrences: number;
  readonly prev: string;
  readonly tx: string | null;
  /** Last event of a transaction in this row; `ending` is null unless it is its Ended. */
  readonly event: { readonly kind: string; readonly ending: string | null } | null;
  readonly trigger: string | null;
  readonly detail: string | null;
  /** One physical act: an INTENT and its OUTCOME carry the same. */
  readonly actId: string | null;
  readonly outcome: string | null;
  readonly incident: string | null;
  readonly direction: string | null;
  readonly issuer: string | null;
  /** Token id. */
  readonly cti: string | null;
  /** Uses that a ticket has in all, in rows that admit. */
  readonly uses: number | null;
  readonly slot: number | null;
  readonly item: string | null;
  /** Order id given by the head end. */
  readonly order: string | null;
}

const payloadNumbers = {
  act: 0,
  reason: 1,
  tx: 2,
  events: 3,
  trigger: 4,
  issuer: 7,
  account: 9,
  digest: 10,
  sealed: 25,
  sealKey: 26,
  signalled: 27,
  count: 29,
  detail: 30,
  direction: 51,
  actId: 53,
  outcome: 54,
  incident: 55,
  cti: 56,
  slot: 66,
  item: 67,
  order: 68,
} as const;

const hashDomain = Buffer.from('stile-journal-1\0', 'latin1');
export const zeroHash = '00'.repeat(32);

/** SHA-256("stile-journal-1" || 00 || body), hexadecimal. */
export const hashOf = (body: Uint8Array): string => createHash('sha256').update(hashDomain).update(body).digest('hex');

/** `null` for bytes that are not a row of layout version 1. */
export function readRow(body: Uint8Array): RowFacts | null {
  const fields = decodeOrNull(body);
  if (!Array.isArray(fields) || fields.length !== 12) return null;
  const [version, terminal, epoch, seq, bootId, tMonoMs, tWallMs, clockTrust, day, type, payload, prev] =
    fields as readonly unknown[];
  if (version !== 1 || typeof terminal !== 'string' || typeof day !== 'string' || typeof type !== 'string') return null;
  if (!isCount(epoch) || !isCount(seq) || !isCount(tMonoMs) || !isCount(tWallMs)) return null;
  if (bytesHex(bootId)?.length !== 32 || !Array.isArray(clockTrust) || !(payload instanceof Map)) return null;
  const prevHex = bytesHex(prev);
  if (prevHex?.length !== 64) return null;
  return { terminal, epoch, seq, tMonoMs, day, type, prev: prevHex, ...payloadFacts(payload) };
}

function payloadFacts(payload: ReadonlyMap<unknown, unknown>) {
  const field = (name: keyof typeof payloadNumbers): unknown => payload.get(payloadNumbers[name]);
  const word = (name: keyof typeof payloadNumbers): string | null => textOrNull(field(name));
  const count = countOrNull(field('count'));
  return {
    act: word('act') ?? '',
    reason: word('reason'),
    account: bytesHex(field('account')),
    digest: bytesHex(field('digest')),
    hasEvidence: field('sealed') !== undefined || field('sealKey') !== undefined,
    signalled: countOrNull(field('signalled')),
    occurrences: count ?? 1,
    tx: bytesHex(field('tx')),
    event: lastEvent(field('events')),
    trigger: word('trigger'),
    detail: word('detail'),
    actId: bytesHex(field('actId')),
    outcome: word('outcome'),
    incident: word('incident'),
    direction: word('direction'),
    issuer: word('issuer'),
    cti: bytesHex(field('cti')),
    uses: count,
    slot: countOrNull(field('slot')),
    item: word('item'),
    order: bytesHex(field('order')),
  };
}

/** [kind, event, txSeq] or, for an Ended, [kind, event, txSeq, ending]. */
function lastEvent(events: unknown): RowFacts['event'] {
  const last: unknown = Array.isArray(events) ? events.at(-1) : null;
  if (!Array.isArray(last) || typeof last[0] !== 'string') return null;
  return { kind: last[0], ending: last[1] === 'Ended' ? textOrNull(last[3]) : null };
}

function decodeOrNull(body: Uint8Array): unknown {
  try {
    return decode(body, { strict: true, useMaps: true, rejectDuplicateMapKeys: true, allowIndefinite: false });
  } catch {
    return null;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const countOrNull = (value: unknown): number | null => (isCount(value) ? value : null);

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const bytesHex = (value: unknown): string | null =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : null;
