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
      readonly MODES: { readonly OUTPUT: number };
      /** Bytes of the message being read; grows without bound while a sysex message does not end. */
      readonly buffer: number[];
      readonly pins: ({ readonly mode?: number; readonly state?: number } | undefined)[];
      readonly reportVersionTimeoutId: NodeJS.Timeout;
      transport: Transport;
      queryPinState(pin: number, answered: () => void): void;
    }
  }
  function bindTransport(transport: unknown): typeof bindTransport.Firmata;
  export = bindTransport;
}
