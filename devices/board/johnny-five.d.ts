// The part of johnny-five 2.1 that this room uses; the package brings no types.
declare module 'johnny-five/lib/board.js' {
  import type { EventEmitter } from 'node:events';
  import type { Firmata } from 'firmata-io';

  namespace Board {
    interface BoardOptions {
      readonly io: Firmata;
      /** Each of the three is true when left out: a prompt on stdin, console output, a SIGINT handler that exits. */
      readonly repl: false;
      readonly debug: false;
      readonly sigint: false;
      /** Milliseconds from `connect` to `ready`; then `error` comes twice. */
      readonly timeout: number;
    }
  }
  class Board extends EventEmitter {
    constructor(options: Board.BoardOptions);
    io: Firmata | null;
    readonly register: unknown[];
    readonly timer: NodeJS.Timeout | null;
    pinMode(pin: number, mode: number): this;
    /** Each report of the pin's port, changed or not: raw, unlike Sensor and Button, which sample. */
    digitalRead(pin: number, reported: (level: 0 | 1) => void): this;
  }
  export = Board;
}

declare module 'johnny-five/lib/relay.js' {
  import type Board from 'johnny-five/lib/board.js';

  /** Sends nothing when constructed: neither pin mode nor level. */
  class Relay {
    constructor(options: { readonly pin: number; readonly board: Board; readonly type: 'NO' | 'NC' });
    readonly isClosed: boolean;
    open(): this;
    close(): this;
  }
  export = Relay;
}
