// The places of one zone: who is inside, and how many more the lanes may still let in by themselves. Pure.
// The rule it keeps: inside plus what is outstanding on leases never exceeds the capacity, also when a lane is
// cut off, spends its lease, and tells nobody for a week.
import { z } from 'zod';
import type { Row } from '../../runtime/records/row.ts';

export const zoneLimits = {
  leases: 256,
  /** Openings whose outcome is not known yet. */
  acts: 1_000,
  /** Lanes times their epochs. */
  positions: 512,
} as const;

const count = z.int().min(0);
const leaseSchema = z.object({
  id: z.string(),
  terminal: z.string(),
  places: count,
  /** Openings by rows, minus those nobody passed. */
  spent: count,
  /** Head-end time from which nobody may spend it any more: its expiry and the guard. */
  endsMs: count,
  /**
   * The lane said that it spends no more of it: rows up to here tell all, and `left` is how many it had left
   * (null: it did not say).
   */
  closed: z.object({ left: count.nullable(), epoch: count, seq: z.int().min(-1) }).nullable(),
});
const stateSchema = z.object({
  /** Below 0 while exits are known whose entries are not. */
  inside: z.int(),
  leases: z.array(leaseSchema).max(zoneLimits.leases),
  acts: z.array(z.object({ key: z.string(), lease: z.string().nullable() })).max(zoneLimits.acts),
  positions: z.array(z.object({ terminal: z.string(), epoch: count, next: count })).max(zoneLimits.positions),
});

export type ZoneState = Readonly<z.infer<typeof stateSchema>>;
export type ZoneLease = Readonly<z.infer<typeof leaseSchema>>;

export const emptyZone: ZoneState = { inside: 0, leases: [], acts: [], positions: [] };

/** Null for text that {@link writeZone} did not write. */
export function readZone(text: string): ZoneState | null {
  try {
    const parsed = stateSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export const writeZone = (state: ZoneState): string => JSON.stringify(state);

/** First row of an epoch that is not counted yet. */
export const nextRow = ({ positions }: ZoneState, terminal: string, epoch: number): number =>
  positions.find((position) => position.terminal === terminal && position.epoch === epoch)?.next ?? 0;

/** Places that this lease may still fill, or may have filled without a row that says so. */
export function outstanding(state: ZoneState, lease: ZoneLease): number {
  const { closed, places, spent, terminal } = lease;
  if (!closed) return Math.max(0, places - spent);
  if (nextRow(state, terminal, closed.epoch) > closed.seq) return 0;
  return Math.max(0, places - (closed.left ?? 0) - spent);
}

export const reserved = (state: ZoneState): number =>
  state.leases.reduce((sum, lease) => sum + outstanding(state, lease), 0);

export const freePlaces = (state: ZoneState, capacity: number): number =>
  Math.max(0, Math.min(capacity, capacity - state.inside - reserved(state)));

/**
 * The newest lease a lane was given and had not begun when it spoke: only when every row up to its words is
 * counted and none of them spends it may the same lease be told again.
 */
export function untouched(
  state: ZoneState,
  terminal: string,
  named: string | null,
  { epoch, seq }: { readonly epoch: number; readonly seq: number },
): ZoneLease | null {
  if (nextRow(state, terminal, epoch) <= seq) return null;
  const newest = state.leases.findLastIndex((lease) => lease.terminal === terminal && lease.id === named);
  const later = state.leases.slice(newest + 1).filter((lease) => lease.terminal === terminal && !lease.closed);
  return later.findLast(({ spent }) => spent === 0) ?? null;
}

/** Everything below `next` is counted, also where no row could be read. */
export function caughtUp(state: ZoneState, terminal: string, epoch: number, next: number): ZoneState {
  if (next <= nextRow(state, terminal, epoch)) return state;
  return swept(positioned(state, terminal, epoch, next));
}

/** Rows of one lane in order of seq. */
export function countRow(state: ZoneState, row: Row): ZoneState {
  const counted = accounted(moved(state, row), row);
  return positioned(counted, row.terminal, row.epoch, row.seq + 1);
}

function positioned(state: ZoneState, terminal: string, epoch: number, next: number): ZoneState {
  const others = state.positions.filter((position) => position.terminal !== terminal || position.epoch !== epoch);
  return { ...state, positions: [...others, { terminal, epoch, next }].slice(-zoneLimits.positions) };
}

export function granted(state: ZoneState, lease: Pick<ZoneLease, 'id' | 'terminal' | 'places' | 'endsMs'>): ZoneState {
  return { ...state, leases: [...state.leases, { ...lease, spent: 0, closed: null }] };
}

/** What a lane says of its leases; a lease that it no longer names was replaced by the one that it does. */
export function reported(
  state: ZoneState,
  terminal: string,
  report: { readonly lease: string; readonly left: number; readonly final: boolean } | null,
  { atMs, ...at }: { readonly epoch: number; readonly seq: number; readonly atMs: number | null },
): ZoneState {
  const newest = state.leases.findLastIndex((lease) => lease.terminal === terminal && lease.id === report?.lease);
  const leases = state.leases.map((lease, index): ZoneLease => {
    if (lease.terminal !== terminal || lease.closed) return lease;
    const over = atMs !== null && atMs >= lease.endsMs;
    if (index < newest || over) return { ...lease, closed: { left: null, ...at } };
    if (index === newest && report?.final)
      return { ...lease, closed: { left: Math.min(report.left, lease.places), ...at } };
    return lease;
  });
  return swept({ ...state, leases });
}

/** People were counted by hand; what ended and was never accounted for is in that count. */
export function recounted(state: ZoneState, inside: number, nowMs: number): ZoneState {
  const leases = state.leases.filter(({ endsMs }) => nowMs < endsMs);
  return { ...state, inside, leases };
}

/** An opening fills a place at once; the outcome gives it back where nobody passed. */
function moved(state: ZoneState, row: Row): ZoneState {
  const { act, outcome, direction, actId, lease, incident } = row.payload;
  const key = actId ? `${row.terminal}/${Buffer.from(actId).toString('hex')}` : null;
  if (row.type === 'INTENT' && act === 'admit' && key) return opened(state, key, lease ? hexOf(lease) : null);
  if (row.type === 'OUTCOME' && act === 'admit' && key) return ended(state, key, outcome ?? '');
  if (row.type === 'OUTCOME' && act === 'correction' && outcome === 'passed' && direction === 'entry')
    return inside(state, 1);
  if (row.type === 'OUTCOME' && act === 'exit' && outcome === 'passed') return inside(state, -1);
  if (act === 'child' || (act === 'incident' && (incident === 'tailgate' || incident === 'forced')))
    return inside(state, 1);
  return state;
}

function opened(state: ZoneState, key: string, lease: string | null): ZoneState {
  const acts = [...state.acts, { key, lease }].slice(-zoneLimits.acts);
  return spend(inside({ ...state, acts }, 1), lease, 1);
}

/** In doubt, a person may be inside: the place stays filled. */
function ended(state: ZoneState, key: string, outcome: string): ZoneState {
  const act = state.acts.find((known) => known.key === key);
  if (!act) return outcome === 'passed' ? inside(state, 1) : state;
  const acts = state.acts.filter((known) => known !== act);
  const freed = outcome === 'not_passed' || outcome === 'failed';
  return freed ? spend(inside({ ...state, acts }, -1), act.lease, -1) : { ...state, acts };
}

/**
 * An exit may be known before the entry it follows, but only as many as lanes may have let in untold: what goes
 * beyond left by a door that counts nobody in, and makes no room.
 */
const inside = (state: ZoneState, persons: number): ZoneState => ({
  ...state,
  inside: Math.max(-reserved(state), state.inside + persons),
});

const spend = (state: ZoneState, id: string | null, places: number): ZoneState => ({
  ...state,
  leases: state.leases.map((lease) =>
    lease.id === id ? { ...lease, spent: Math.max(0, lease.spent + places) } : lease,
  ),
});

/** A row written after a lease had ended: every opening on it stands in a row before this one. */
function accounted(state: ZoneState, row: Row): ZoneState {
  if (row.clock.state === 'UNTRUSTED') return swept(state);
  const leases = state.leases.map((lease): ZoneLease => {
    const over =
      lease.terminal === row.terminal && !lease.closed && row.tWallMs - row.clock.uncertaintyMs >= lease.endsMs;
    return over ? { ...lease, closed: { left: null, epoch: row.epoch, seq: row.seq } } : lease;
  });
  return swept({ ...state, leases });
}

/** Closed, every row counted, and no opening under way that might still give a place back. */
function swept(state: ZoneState): ZoneState {
  const leases = state.leases.filter(
    (lease) =>
      !lease.closed ||
      outstanding(state, lease) > 0 ||
      nextRow(state, lease.terminal, lease.closed.epoch) <= lease.closed.seq,
  );
  return leases.length === state.leases.length ? state : { ...state, leases };
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
