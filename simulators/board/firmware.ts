// What StandardFirmata does with one message: the simulated board's firmware, without line or time. It answers
// with messages and changes pins.
import {
  type FirmataMessage,
  firmwareReply,
  fromGroups,
  gather,
  pinModes,
  protocolVersion,
  spread,
  sysex,
  toGroups,
} from '../../devices/board/protocol/messages.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Pins } from './pins.ts';
import { analogMappingReply, capabilityReply, isPin, pinCount } from './uno.ts';

/** A device on the board's I2C bus. */
export interface I2cDevice {
  write(byte: number): void;
  /** Bytes of a read; a device that cannot be read gives none. */
  read?(register: number, count: number): readonly number[];
}

const ports = Array.from({ length: Math.ceil(pinCount / 8) }, (_, port) => port);
const defaultSamplingMs = 19;

export class Firmware {
  readonly #name: string;
  readonly #pins: Pins;
  readonly #i2c = new Map<number, I2cDevice>();
  readonly #reportedPorts = new Set<number>();
  readonly #reportedChannels = new Set<number>();
  readonly #lastPort = new Map<number, number>();
  /** Value of each analog channel, 10 bits. */
  readonly analog = new Map<number, number>();
  samplingMs = defaultSamplingMs;
  #ignored = 0;

  constructor(name: string, pins: Pins) {
    this.#name = name;
    this.#pins = pins;
  }

  /** Messages that mean nothing to this board. */
  get ignored(): number {
    return this.#ignored;
  }

  get samples(): boolean {
    return this.#reportedChannels.size > 0;
  }

  attach(address: number, device: I2cDevice): void {
    this.#i2c.set(address, device);
  }

  /** What a board says unasked when it starts. */
  greeting(): readonly FirmataMessage[] {
    return [{ kind: 'version', ...protocolVersion }, firmwareReply(this.#name)];
  }

  reset(): void {
    this.#pins.reset();
    this.#reportedPorts.clear();
    this.#reportedChannels.clear();
    this.#lastPort.clear();
    this.samplingMs = defaultSamplingMs;
  }

  receive(message: FirmataMessage): readonly FirmataMessage[] {
    switch (message.kind) {
      case 'versionQuery':
        return [{ kind: 'version', ...protocolVersion }];
      case 'reset':
        return this.#done(this.reset());
      case 'pinMode':
        return this.#check(this.#pins.setMode(message.pin, message.mode));
      case 'pinValue':
        return this.#check(this.#pins.write(message.pin, Number(message.on)));
      case 'digital':
        return this.#done(this.#writePort(message.port, message.levels));
      case 'analog':
        return this.#check(this.#pins.writeAnalog(message.pin, message.value));
      case 'reportDigital':
        return this.#reportDigital(message.port, message.on);
      case 'reportAnalog':
        if (message.on) this.#reportedChannels.add(message.channel);
        else this.#reportedChannels.delete(message.channel);
        return [];
      case 'sysex':
        return this.#sysex(message.command, message.data);
      case 'version':
        return this.#check(false);
      default:
        return message satisfies never;
    }
  }

  /** Port reports that are due because a level changed. */
  changedPorts(): readonly FirmataMessage[] {
    const messages: FirmataMessage[] = [];
    for (const port of this.#reportedPorts) {
      const levels = this.#levels(port);
      if (this.#lastPort.get(port) === levels) continue;
      this.#lastPort.set(port, levels);
      messages.push({ kind: 'digital', port, levels });
    }
    return messages;
  }

  analogSamples(): readonly FirmataMessage[] {
    return [...this.#reportedChannels].map((channel) => ({
      kind: 'analog',
      pin: channel,
      value: this.analog.get(channel) ?? 0,
    }));
  }

  #sysex(command: number, data: Bytes): readonly FirmataMessage[] {
    switch (command) {
      case sysex.firmware:
        return [firmwareReply(this.#name)];
      case sysex.capabilityQuery:
        return [capabilityReply];
      case sysex.analogMappingQuery:
        return [analogMappingReply];
      case sysex.pinStateQuery:
        return this.#pinState(data[0] ?? 0);
      case sysex.extendedAnalog:
        return this.#check(this.#pins.writeAnalog(data[0] ?? 0, fromGroups(data.subarray(1))));
      case sysex.servoConfig:
        return this.#check(this.#pins.setMode(data[0] ?? 0, pinModes.servo));
      case sysex.samplingInterval:
        this.samplingMs = Math.max(1, fromGroups(data.subarray(0, 2)));
        return [];
      case sysex.i2cConfig:
        return [];
      case sysex.i2cRequest:
        return this.#i2cRequest(data);
      default:
        return this.#check(false);
    }
  }

  #pinState(pin: number): readonly FirmataMessage[] {
    if (!isPin(pin)) return this.#check(false);
    const { mode, value } = this.#pins.state(pin);
    const data = Uint8Array.of(pin, mode, ...toGroups(value));
    return [{ kind: 'sysex', command: sysex.pinStateReply, data }];
  }

  #writePort(port: number, levels: number): void {
    for (let bit = 0; bit < 8; bit++) {
      const pin = port * 8 + bit;
      if (isPin(pin)) this.#pins.write(pin, (levels >> bit) & 1);
    }
  }

  #reportDigital(port: number, on: boolean): readonly FirmataMessage[] {
    if (!ports.includes(port)) return this.#check(false);
    if (!on) return this.#done(this.#reportedPorts.delete(port));
    this.#reportedPorts.add(port);
    this.#lastPort.delete(port);
    return this.changedPorts();
  }

  #levels(port: number): number {
    let levels = 0;
    for (let bit = 0; bit < 8; bit++) {
      const { mode, level } = this.#pins.state(port * 8 + bit);
      if (mode === pinModes.input || mode === pinModes.pullup) levels |= level << bit;
    }
    return levels;
  }

  #i2cRequest(data: Bytes): readonly FirmataMessage[] {
    const [address = 0, flags = 0] = data;
    const device = this.#i2c.get(address);
    if (!device) return this.#check(false);
    const bytes = gather(data.subarray(2));
    if ((flags & 0x18) !== 0) return this.#i2cRead(address, device, bytes);
    for (const byte of bytes) device.write(byte);
    return [];
  }

  #i2cRead(address: number, device: I2cDevice, request: Bytes): readonly FirmataMessage[] {
    const [register = 0, count = 0] = request.length > 1 ? request : [0, request[0]];
    const bytes = device.read?.(register, count) ?? [];
    return [{ kind: 'sysex', command: sysex.i2cReply, data: spread([address, register, ...bytes]) }];
  }

  #check(understood: boolean): readonly FirmataMessage[] {
    if (!understood) this.#ignored++;
    return [];
  }

  #done(_: unknown): readonly FirmataMessage[] {
    return [];
  }
}
