// The simulated board answers as StandardFirmata on an Uno does: a table of bytes in and bytes out, and its wiring
// faults. The line under it is a socket.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromHex, hex } from '../../../runtime/core/bytes.ts';
import { SystemClock } from '../../../runtime/core/clock.ts';
import { CharacterLcd } from '../../../simulators/board/lcd.ts';
import { SimulatedBoard } from '../../../simulators/board/simulated-board.ts';
import { createLine } from '../../../simulators/line/line.ts';

const bytes = (text: string): Uint8Array => fromHex(text.replaceAll(' ', ''));
const name = [...'StandardFirmata.ino'].map((c) => `${c.charCodeAt(0).toString(16)}00`).join('');
const digital = '00 01 0B 01 01 01';

let board: SimulatedBoard;
let said: string[];

beforeEach(async () => {
  const clock = new SystemClock();
  const line = await createLine({ kind: 'socket', folder: '.', name: 'board', clock });
  said = [];
  // What the board hands to its line, before any host.
  line.write = (out) => void said.push(hex(out));
  board = new SimulatedBoard({ line, clock, nowUs: () => 7 });
});
afterEach(() => board.close());

function send(text: string): string {
  said = [];
  board.line.data.emit(bytes(text));
  return said.join('');
}
const answers = (text: string): string => hex(bytes(text));

describe('a host asks', () => {
  it.each([
    ['version', 'F9', 'F9 02 06'],
    ['firmware', 'F0 79 F7', `F0 79 02 06 ${name} F7`],
    ['analog mapping', 'F0 69 F7', `F0 6A ${'7F'.repeat(14)} 00 01 02 03 04 05 F7`],
    ['state of a fresh pin', 'F0 6D 04 F7', 'F0 6E 04 00 00 F7'],
    ['state of a pin the board lacks', 'F0 6D 40 F7', ''],
    ['another sysex', 'F0 10 01 F7', ''],
  ])('%s', (_, question, answer) => {
    expect(send(question)).toBe(answers(answer));
  });

  it('capabilities, in the layout of an Uno', () => {
    const pwm = '03 08';
    const servo = '04 0E';
    const analog = '02 0A';
    const layout = Array.from({ length: 20 }, (_, pin) => {
      if (pin < 2) return '7F';
      const extra = pin >= 14 ? analog : `${[3, 5, 6, 9, 10, 11].includes(pin) ? pwm : ''} ${servo}`;
      return `${digital} ${extra} ${pin >= 18 ? '06 01' : ''} 7F`;
    });
    expect(send('F0 6B F7')).toBe(answers(`F0 6C ${layout.join(' ')} F7`));
  });
});

describe('pins', () => {
  it('follow mode and port writes, and tell who watches', () => {
    const changes: string[] = [];
    board.pinChanged.on(({ pin, level, atUs }) => changes.push(`${pin}=${level}@${atUs}`));
    send('F4 07 01 90 00 01');
    expect(board.pin(7)).toEqual({ pin: 7, mode: 1, value: 1, level: 1 });
    expect(send('F0 6D 07 F7')).toBe(answers('F0 6E 07 01 01 F7'));
    send('90 00 00 F5 07 01');
    expect(changes).toEqual(['7=0@7', '7=1@7', '7=0@7', '7=1@7']);
  });

  it('take PWM and servo values and report them in groups', () => {
    send('F4 09 03 E9 7F 01 F4 0A 04 EA 5C 0B');
    expect(send('F0 6D 09 F7')).toBe(answers('F0 6E 09 03 7F 01 F7'));
    expect(send('F0 6D 0A F7')).toBe(answers('F0 6E 0A 04 5C 0B F7'));
    send('F0 6F 09 10 00 F7');
    expect(board.pin(9).value).toBe(16);
  });

  it('report a pulled-up button when it is pressed', () => {
    send('F4 02 00 90 04 00');
    expect(send('D0 01')).toBe(answers('90 04 00'));
    said = [];
    board.apply(2, 0);
    board.apply(2, 0);
    expect(said.join('')).toBe(answers('90 00 00'));
  });

  it('refuse a mode they lack, and count it', () => {
    send('F4 02 03 F4 00 01');
    expect(board.pin(2).mode).toBe(0);
    expect(board.ignored).toBe(2);
  });

  it('fall back on reset, and the board greets after a power cycle', () => {
    send('F4 07 01 90 00 01 FF');
    expect(board.pin(7)).toMatchObject({ mode: 0, level: 0 });
    said = [];
    board.powerCycle();
    expect(said.join('')).toBe(answers(`F9 02 06 F0 79 02 06 ${name} F7`));
  });

  it('a welded contact shows its level whatever is written', () => {
    send('F4 07 01');
    const welded = board.faults.add({ kind: 'stuck', pin: 7, level: 1 });
    send('90 00 00');
    expect(board.pin(7).level).toBe(1);
    expect(welded.fired).toBe(1);
    board.faults.remove(welded);
    expect(board.pin(7).level).toBe(0);
  });

  it('a contact bounces and comes to rest', async () => {
    send('F4 02 0B D0 01');
    const bounce = board.faults.add({ kind: 'bounce', edges: 4 }, 1);
    const levels: number[] = [];
    board.pinChanged.on(({ level }) => levels.push(level));
    board.apply(2, 0);
    while (levels.length < 5) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(levels).toEqual([0, 1, 0, 1, 0]);
    expect(bounce.fired).toBe(1);
  });

  it('analog channels are sampled while they are reported', async () => {
    board.applyAnalog(0, 1_023);
    send('F0 7A 01 00 F7 C0 01');
    while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(said[0]).toBe(answers('E0 7F 07'));
    send('C0 00');
  });
});

describe('the I2C bus', () => {
  /** One character or command in four-bit transfers, with the light on. */
  const transfer = (byte: number, registerSelect: 0 | 1): number[] =>
    [byte & 0xf0, (byte << 4) & 0xf0].flatMap((nibble) => [
      nibble | 0x0c | registerSelect,
      nibble | 0x08 | registerSelect,
    ]);
  const i2c = (values: readonly number[]): string =>
    values
      .map((value) => [0xf0, 0x76, 0x27, 0, value & 0x7f, value >> 7, 0xf7])
      .map((message) => hex(Uint8Array.from(message)))
      .join('');

  it('shows text on a display behind an expander', () => {
    const lcd = new CharacterLcd(16, 2);
    board.attachI2c(0x27, lcd);
    send(i2c([0x2c, 0x28, ...transfer(0x01, 0), ...transfer(0x48, 1), ...transfer(0x49, 1)]));
    send(i2c([...transfer(0xc0, 0), ...transfer(0x21, 1)]));
    expect(lcd.lines).toEqual(['HI'.padEnd(16), '!'.padEnd(16)]);
    expect(lcd.lit).toBe(true);
  });

  it('answers a read with address, register and data, and ignores an address nobody has', () => {
    board.attachI2c(0x40, { write: () => {}, read: (register, count) => [register, count, 0xff] });
    expect(send('F0 76 40 08 05 00 02 00 F7')).toBe(answers('F0 77 40 00 05 00 05 00 02 00 7F 01 F7'));
    send('F0 76 41 00 01 00 F7');
    expect(board.ignored).toBe(1);
  });
});

describe('the trace', () => {
  it('keeps what the host sent, as it came, and no more than its limit', async () => {
    const clock = new SystemClock();
    const line = await createLine({ kind: 'socket', folder: '.', name: 'trace', clock });
    let us = 0;
    const traced = new SimulatedBoard({ line, clock, nowUs: () => us++, traceLimit: 3 });
    for (const byte of [1, 2, 3, 4]) line.data.emit(Uint8Array.of(byte));
    expect(traced.trace.map((entry) => [entry.atUs, hex(entry.bytes)])).toEqual([
      [1, '02'],
      [2, '03'],
      [3, '04'],
    ]);
    await traced.close();
  });
});
