// What a motion board was told to move, read from the raw bytes on its line. The layouts are repeated here from the
// manuals instead of imported: the driver that is being judged must not also be the one that reads its evidence.

export type GateDirection = 'entry' | 'exit';

/** One order to move that reached the board. */
export interface Motion {
  readonly atUs: number;
  /** Index of the trace line that completed the order. */
  readonly line: number;
  /** Null where the board's command does not say which way. */
  readonly direction: GateDirection | null;
  /** Of a cabinet; null at a gate. */
  readonly slot: number | null;
}

export interface BytesAt {
  readonly atUs: number;
  readonly bytes: Uint8Array;
}

type Moved = Pick<Motion, 'direction' | 'slot'>;

/** Eats bytes one by one; answers with what that byte completed. */
type Listener = (byte: number) => readonly Moved[];

export function motionsOn(trace: readonly BytesAt[], listener: Listener): readonly Motion[] {
  return trace.flatMap(({ atUs, bytes }, line) =>
    [...bytes].flatMap((byte) => listener(byte).map((moved) => ({ atUs, line, ...moved }))),
  );
}

/** Firmata 2.x: a motion is a pin that is told to go high and was not. A reset lets every pin fall. */
export function firmataMotions(pins: ReadonlyMap<number, GateDirection>): Listener {
  const high = new Set<number>();
  const set = (pin: number, on: boolean): readonly Moved[] => {
    const direction = pins.get(pin);
    const rises = on && !high.has(pin);
    if (on) high.add(pin);
    else high.delete(pin);
    return rises && direction !== undefined ? [{ direction, slot: null }] : [];
  };
  let message: number[] = [];
  return (byte) => {
    if (byte === 0xff) high.clear();
    // Only F7 is of a message that has begun; any other byte from 80 up begins one.
    if (byte >= 0x80 && byte !== 0xf7) message = [];
    message.push(byte);
    const [command = 0, first = 0, second = 0] = message;
    if (message.length !== 3) return [];
    if (command === 0xf5) return set(first, second === 1);
    if ((command & 0xf0) !== 0x90) return [];
    const levels = first | (second << 7);
    return Array.from({ length: 8 }, (_, bit) => set((command & 0x0f) * 8 + bit, ((levels >> bit) & 1) === 1)).flat();
  };
}

/** Releases for one way, the other or both, and "always free": the gate's mounting says which way is in, not the byte. */
const digiconReleases: ReadonlySet<string> = new Set(['48', '41', '44', '4c48']);
/** Longer than any documented command. */
const digiconMaxBytes = 32;

/** Tx1500: 02 sizeLo sizeHi command… bcc; size counts the command and one; bcc is the XOR of all before it. */
export function digiconMotions(): Listener {
  return framed((waiting) => {
    const [start = 0, low = 0, high = 0] = waiting;
    if (start !== 0x02) return 'none';
    if (waiting.length < 3) return 'unfinished';
    const commandBytes = (low | (high << 8)) - 1;
    if (commandBytes < 1 || commandBytes > digiconMaxBytes) return 'none';
    const length = 3 + commandBytes + 1;
    if (waiting.length < length) return 'unfinished';
    const frame = waiting.slice(0, length);
    if (frame.reduce((sum, byte) => sum ^ byte, 0) !== 0) return 'none';
    const command = Buffer.from(frame.slice(3, -1)).toString('hex');
    return { length, moved: digiconReleases.has(command) ? [{ direction: null, slot: null }] : [] };
  });
}

/** CU16: 02 ADDR 31 03 SUM, ADDR the board in the high nibble and the lock from 0 in the low one. */
export function kerongMotions(address: number): Listener {
  return framed((waiting) => {
    const [start = 0, where = 0, command = 0, end = 0, sum = 0] = waiting;
    if (start !== 0x02) return 'none';
    if (waiting.length < 5) return 'unfinished';
    if (end !== 0x03 || sum !== ((start + where + command + end) & 0xff)) return 'none';
    const slot = ((where >> 4) - address) * 16 + (where & 0x0f) + 1;
    return { length: 5, moved: command === 0x31 ? [{ direction: null, slot }] : [] };
  });
}

type Frame = { readonly length: number; readonly moved: readonly Moved[] } | 'none' | 'unfinished';

/** Looks for a frame at each byte; what begins none is skipped. */
function framed(frameAt: (waiting: readonly number[]) => Frame): Listener {
  let waiting: readonly number[] = [];
  return (byte) => {
    waiting = [...waiting, byte];
    const found: Moved[] = [];
    while (waiting.length > 0) {
      const frame = frameAt(waiting);
      if (frame === 'unfinished') break;
      if (frame !== 'none') found.push(...frame.moved);
      waiting = waiting.slice(frame === 'none' ? 1 : frame.length);
    }
    return found;
  };
}
