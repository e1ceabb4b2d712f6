// A bus validator from its configuration.
import { Signal } from '../../core/event.ts';
import { validatorDefaults } from '../../machines/validator/config.ts';
import type { ValidatorInput } from '../../machines/validator/input.ts';
import { recoverTrip } from '../../terminal/validator/recovered-trip.ts';
import { ValidatorDesk } from '../../terminal/validator/validator-desk.ts';
import type { ValidatorTerminalConfig } from '../config/validator.ts';
import type { MachineContext, MachineParts } from './machine-parts.ts';

export function validatorParts(
  { trip, staff }: ValidatorTerminalConfig,
  { identity, journal, recovered }: MachineContext,
): MachineParts<ValidatorInput> {
  const config = { ...validatorDefaults, groupMax: trip.groupMax };
  const options = {
    config,
    recovered: recoverTrip(journal, recovered, config),
    trip: { line: trip.line, direction: '', opens: trip.opens },
    staff: {
      terminal: identity.terminal,
      site: trip.depot ?? null,
      roles: ['driver'] as const,
      presenceMs: staff.actWithinSeconds * 1_000,
    },
  };
  return {
    openDesk: (services) => new ValidatorDesk(options, services),
    notices: new Signal(),
    inputOf: () => null,
  };
}
