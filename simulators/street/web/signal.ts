// What the lamp and the buzzer say, told from the board's pins alone: colour, shape and words agree,
// and the page never asks the terminal what it meant.
import type { StreetSnapshot } from '../world.ts';

export type Board = StreetSnapshot['board'];
export type Lamp = keyof Board['lamp'];
export type Sign =
  | 'ready'
  | 'welcome'
  | 'already'
  | 'refused'
  | 'outOfService'
  | 'staff'
  | 'wait'
  | 'unclear'
  | 'offline';

/** What has been seen of the board so far; `tones` is null until a sound or a lamp change was witnessed. */
export interface SignalTrack {
  readonly board: Board;
  readonly tones: number | null;
  readonly toneAtMs: number;
  readonly litSinceMs: number;
  /** The newest result a lamp showed, kept after it went dark. */
  readonly last: { readonly sign: Sign; readonly tones: number | null } | null;
}

/** Tones closer together than this belong to one signal. */
export const TONE_GROUP_MS = 600;
/** A refusal is shown for 4 s; red that stands longer without a sound is no answer to anybody. */
export const STEADY_RED_MS = 5000;

export function followBoard(track: SignalTrack | null, board: Board, nowMs: number): SignalTrack {
  if (!track) return firstSight(board, nowMs);
  const changed = lampKey(track.board) !== lampKey(board);
  const fresh = Math.max(0, board.beeps - track.board.beeps);
  const sameGroup = !changed && nowMs - track.toneAtMs <= TONE_GROUP_MS;
  const next: SignalTrack = {
    board,
    tones: tonesAfter(track.tones, { changed, fresh, sameGroup }),
    toneAtMs: fresh > 0 ? nowMs : track.toneAtMs,
    litSinceMs: changed ? nowMs : track.litSinceMs,
    last: track.last,
  };
  return changed || fresh > 0 ? withResult(next, nowMs) : next;
}

export function signOf({ board, tones, litSinceMs }: SignalTrack, nowMs: number): Sign {
  if (!board.connected) return 'offline';
  const { green, red, amber, white } = board.lamp;
  if (green && !red && !amber && !white) return tones === 0 ? 'already' : 'welcome';
  if (red && !green && !white) {
    if (amber) return 'staff';
    return !tones && nowMs - litSinceMs > STEADY_RED_MS ? 'outOfService' : 'refused';
  }
  if (amber && !green && !white) return 'staff';
  if (white && !green && !red) return 'wait';
  return green || red || amber || white ? 'unclear' : 'ready';
}

function tonesAfter(
  tones: number | null,
  { changed, fresh, sameGroup }: { changed: boolean; fresh: number; sameGroup: boolean },
): number | null {
  if (changed) return fresh;
  if (fresh === 0) return tones;
  return sameGroup ? (tones ?? 0) + fresh : fresh;
}

const firstSight = (board: Board, nowMs: number): SignalTrack =>
  withResult({ board, tones: null, toneAtMs: Number.NEGATIVE_INFINITY, litSinceMs: nowMs, last: null }, nowMs);

function withResult(track: SignalTrack, nowMs: number): SignalTrack {
  const sign = signOf(track, nowMs);
  return isResult(sign) ? { ...track, last: { sign, tones: track.tones } } : track;
}

const isResult = (sign: Sign): boolean =>
  sign === 'welcome' || sign === 'already' || sign === 'refused' || sign === 'staff';

const lampKey = ({ connected, lamp }: Board): string =>
  [connected, lamp.green, lamp.red, lamp.amber, lamp.white].join();
