// The default pinout on an Uno layout. It leaves 4 to 8 to the lamps and the buzzer, so that one board carries both.
import type { ContactInput } from '../contact.ts';
import type { RelayGatePins } from './relay-gate.ts';

/** The contact closes to ground when it says yes, with the board's own pull-up. */
const closing = (pin: number): ContactInput => ({ pin, pullUp: true, active: 'low' });
/** Normally closed: an open contact and a cut wire say yes. */
const opening = (pin: number): ContactInput => ({ pin, pullUp: true, active: 'high' });

export const defaultRelayPins = {
  unlock: { entry: 9, exit: 10 },
  passageEntry: closing(2),
  passageExit: closing(3),
  ready: closing(11),
  occupied: closing(12),
  opened: closing(14),
  fire: opening(15),
} as const satisfies RelayGatePins;
