// Names and pins of the street's bus, which its configuration, its board and its stories share.
import { operatorId, terminalId } from '../../core/brand.ts';

export const streetNames = {
  operator: operatorId('demo'),
  terminal: terminalId('bus-1'),
  issuer: 'metro1',
  line: '12',
} as const;

/** Pins of a simulated board's lamps and tone, as the terminals' configurations name them. */
export const streetPins = { green: 4, red: 5, amber: 6, white: 7, buzzer: 8 } as const;
