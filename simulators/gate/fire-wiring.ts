// The second contact of the fire system at a board's pin: normally closed to ground, open in fire. The first one is at
// the barrier's controller and needs no board.
import type { SimulatedBoard } from '../board/simulated-board.ts';
import type { Barrier } from './barrier.ts';

/** Returns what takes the wire off. */
export function wireFireContact(barrier: Barrier, board: SimulatedBoard, pin: number): () => void {
  const show = (fire: boolean): void => board.apply(pin, fire ? null : 0);
  show(barrier.state.fire);
  return barrier.fireChanged.on(show);
}
