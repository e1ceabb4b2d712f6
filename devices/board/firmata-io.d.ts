// The part of firmata-io 2.3 that this room uses; the package brings no types.
declare module 'firmata-io' {
  import { EventEmitter } from 'node:events';

  namespace bindTransport {
    /** What firmata-io asks of a serial port. Emits `open`, `data`, `close`, `error`. */
    interface Transport extends EventEmitter {
      write(bytes: Buffer, done: () => void): void;
    }
    class Firmata extends EventEmitter {
      constructor(transport: Transport, options: { readonly reportVersionTimeout: number });
      readonly isReady: boolean;
      readonly MODES: { readonly INPUT: number; readonly OUTPUT: number; readonly PULLUP: number };
      /** Bytes of the message being read; grows without bound while a sysex message does not end. */
      readonly buffer: number[];
      /** What is known of each port's 8 pins; input reports and output writes share it. */
      readonly ports: number[];
      readonly firmware: { readonly name?: string };
      readonly pins: ({ readonly mode?: number; readonly state?: number } | undefined)[];
      readonly reportVersionTimeoutId: NodeJS.Timeout;
      transport: Transport;
      queryPinState(pin: number, answered: () => void): void;
      /** 1 asks for the port's levels now and at each change. */
      reportDigitalPin(pin: number, on: 0 | 1): void;
    }
  }
  function bindTransport(transport: unknown): typeof bindTransport.Firmata;
  export = bindTransport;
}
