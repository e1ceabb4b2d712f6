// What a driver's badge and the act codes after it mean on a bus.
import type { ValidatorInput } from '../../machines/validator/input.ts';
import type { ValidatorState } from '../../machines/validator/state.ts';
import { type ActCode, numberOf } from '../staff/act-code.ts';

export interface OwnTrip {
  readonly line: string;
  readonly direction: string;
}

type Act<Kind extends ValidatorInput['kind']> = Omit<Extract<ValidatorInput, { kind: Kind }>, 'atMonoMs'>;

/** A badge begins the trip where none is open; it never ends one, so that a second driver cannot by mistake. */
export const badgeAct = ({ service }: ValidatorState, trip: OwnTrip): Act<'TripOpen'> | null =>
  service.kind === 'closed' ? { kind: 'TripOpen', ...trip } : null;

/** Null for an act that a validator does not know, or whose arguments are not its own. */
export function driverAct(
  { word, arguments: [first, second] }: ActCode,
  trip: OwnTrip,
): Act<'TripOpen'> | Act<'TripClose'> | Act<'RidersSet'> | null {
  switch (word) {
    case 'TRIP-OPEN':
      return { kind: 'TripOpen', line: first ?? trip.line, direction: second ?? trip.direction };
    case 'TRIP-END':
      return first === undefined ? { kind: 'TripClose' } : null;
    case 'RIDERS': {
      const riders = second === undefined ? numberOf(first) : null;
      return riders === null ? null : { kind: 'RidersSet', riders };
    }
    default:
      return null;
  }
}
