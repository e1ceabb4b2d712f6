// Firmata protocol 2.6: messages as values, and their bytes. The simulated board speaks through this; the driver's
// own codec is firmata-io, so the two ends check each other.
// Source: the Firmata protocol specification 2.6 and StandardFirmata's behaviour.
import type { Bytes } from '../../../runtime/core/bytes.ts';

export const pinModes = {
  input: 0x00,
  output: 0x01,
  analog: 0x02,
  pwm: 0x03,
  servo: 0x04,
  i2c: 0x06,
  pullup: 0x0b,
} as const;

export const sysex = {
  analogMappingQuery: 0x69,
  analogMappingReply: 0x6a,
  capabilityQuery: 0x6b,
  capabilityReply: 0x6c,
  pinStateQuery: 0x6d,
  pinStateReply: 0x6e,
  extendedAnalog: 0x6f,
  servoConfig: 0x70,
  text: 0x71,
  i2cRequest: 0x76,
  i2cReply: 0x77,
  i2cConfig: 0x78,
  firmware: 0x79,
  samplingInterval: 0x7a,
} as const;

export const startSysex = 0xf0;
export const endSysex = 0xf7;
/** End of one pin's list in a capability reply, and "not analog" in an analog mapping. */
export const noPin = 0x7f;
export const protocolVersion = { major: 2, minor: 6 } as const;

export type FirmataMessage =
  /** Levels of the 8 pins of a port, bit 0 = lowest pin. */
  | { readonly kind: 'digital'; readonly port: number; readonly levels: number }
  /** 14 bits for pin or channel 0..15. */
  | { readonly kind: 'analog'; readonly pin: number; readonly value: number }
  | { readonly kind: 'reportAnalog'; readonly channel: number; readonly on: boolean }
  | { readonly kind: 'reportDigital'; readonly port: number; readonly on: boolean }
  | { readonly kind: 'pinMode'; readonly pin: number; readonly mode: number }
  | { readonly kind: 'pinValue'; readonly pin: number; readonly on: boolean }
  /** `F9` alone, as a host asks. */
  | { readonly kind: 'versionQuery' }
  | { readonly kind: 'version'; readonly major: number; readonly minor: number }
  | { readonly kind: 'reset' }
  /** `data` are the 7-bit bytes between the command and the end. */
  | { readonly kind: 'sysex'; readonly command: number; readonly data: Bytes };

export function encode(message: FirmataMessage): Bytes {
  switch (message.kind) {
    case 'digital':
      return Uint8Array.of(0x90 | message.port, ...sevenBits(message.levels));
    case 'analog':
      return Uint8Array.of(0xe0 | message.pin, ...sevenBits(message.value));
    case 'reportAnalog':
      return Uint8Array.of(0xc0 | message.channel, Number(message.on));
    case 'reportDigital':
      return Uint8Array.of(0xd0 | message.port, Number(message.on));
    case 'pinMode':
      return Uint8Array.of(0xf4, message.pin, message.mode);
    case 'pinValue':
      return Uint8Array.of(0xf5, message.pin, Number(message.on));
    case 'versionQuery':
      return Uint8Array.of(0xf9);
    case 'version':
      return Uint8Array.of(0xf9, message.major, message.minor);
    case 'reset':
      return Uint8Array.of(0xff);
    case 'sysex':
      return Uint8Array.of(startSysex, message.command, ...message.data, endSysex);
    default:
      return message satisfies never;
  }
}

/** Low seven bits first. */
export const sevenBits = (value: number): readonly [number, number] => [value & 0x7f, (value >> 7) & 0x7f];

/** Each byte as two, low seven bits first: text, I2C data. */
export function spread(bytes: Iterable<number>): Bytes {
  return Uint8Array.from([...bytes].flatMap(sevenBits));
}

/** The inverse of `spread`; a last byte without its partner is dropped. */
export function gather(data: Bytes): Bytes {
  const bytes = new Uint8Array(data.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (data[2 * i] ?? 0) | ((data[2 * i + 1] ?? 0) << 7);
  return bytes;
}

/** A value in 7-bit groups, low group first. */
export function fromGroups(data: Bytes): number {
  return data.reduceRight((value, group) => value * 128 + group, 0);
}

/** At least one group. */
export function toGroups(value: number): readonly number[] {
  const groups = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) groups.push(rest & 0x7f);
  return groups;
}

export function firmwareReply(name: string): FirmataMessage {
  const { major, minor } = protocolVersion;
  const text = spread(Buffer.from(name, 'latin1'));
  return { kind: 'sysex', command: sysex.firmware, data: Uint8Array.of(major, minor, ...text) };
}
