// The pins of an Arduino Uno as StandardFirmata reports them.
import { type FirmataMessage, noPin, pinModes, sysex } from '../../devices/board/protocol/messages.ts';

export const pinCount = 20;
export const firstAnalogPin = 14;
const pwmPins = new Set([3, 5, 6, 9, 10, 11]);

export const isPin = (pin: number): boolean => pin >= 0 && pin < pinCount;
/** Pins 0 and 1 are the board's own serial line. */
export const isUsable = (pin: number): boolean => pin >= 2 && pin < pinCount;

/** Pairs of mode and resolution in bits. */
export function capabilities(pin: number): readonly number[] {
  if (!isUsable(pin)) return [];
  const list = [pinModes.input, 1, pinModes.pullup, 1, pinModes.output, 1];
  if (pin >= firstAnalogPin) list.push(pinModes.analog, 10);
  if (pwmPins.has(pin)) list.push(pinModes.pwm, 8);
  if (pin < firstAnalogPin) list.push(pinModes.servo, 14);
  if (pin >= 18) list.push(pinModes.i2c, 1);
  return list;
}

export function supports(pin: number, mode: number): boolean {
  return capabilities(pin).some((entry, index) => index % 2 === 0 && entry === mode);
}

const pins = Array.from({ length: pinCount }, (_, pin) => pin);

export const capabilityReply: FirmataMessage = {
  kind: 'sysex',
  command: sysex.capabilityReply,
  data: Uint8Array.from(pins.flatMap((pin) => [...capabilities(pin), noPin])),
};

export const analogMappingReply: FirmataMessage = {
  kind: 'sysex',
  command: sysex.analogMappingReply,
  data: Uint8Array.from(pins.map((pin) => (pin < firstAnalogPin ? noPin : pin - firstAnalogPin))),
};
