// What the page has seen so far: the newest snapshot, and what each machine's lamps have told.
import type { MachineSnapshot } from '../museum-world.ts';
import type { StreetSnapshot } from '../world.ts';
import { type Board, followBoard, type SignalTrack } from './signal.ts';

export interface Seen {
  readonly snapshot: StreetSnapshot;
  readonly atMs: number;
  readonly bus: SignalTrack;
  readonly museum: ReadonlyMap<string, SignalTrack>;
}

export function see(before: Seen | null, snapshot: StreetSnapshot): Seen {
  const atMs = performance.now();
  const { museum } = snapshot;
  const machines = museum ? [...museum.lanes, ...museum.cabinets] : [];
  return {
    snapshot,
    atMs,
    bus: followBoard(before?.bus ?? null, snapshot.board, atMs),
    museum: new Map(
      machines.map((one) => [one.id, followBoard(before?.museum.get(one.id) ?? null, boardOf(one), atMs)]),
    ),
  };
}

const boardOf = ({ lamp, beeps }: MachineSnapshot): Board => ({
  connected: true,
  lamp,
  buzzer: false,
  beeps,
  changedAtMs: 0,
});
