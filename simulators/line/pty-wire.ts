// A pseudo terminal pair made with nothing but Node and one perl or python3 call: the host opens the slave through a
// link, as it would a USB adapter, and the simulated device holds the master.
// Source: Linux pty(7), ioctl TIOCSPTLCK.
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import type { Wire } from './device-end.ts';

/** Larger writes may block although the descriptor is non-blocking: the pair's buffer holds 4 KiB. */
const pieceBytes = 1_024;
const retryMs = 1;
/** Nobody read for so long: what waits is lost, as it is on a line without a listener. */
const patienceMs = 250;
const deviceFlags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;

interface Pair {
  readonly master: number;
  readonly slave: number;
  readonly slavePath: string;
  readonly reader: ReadStream;
}

export class PtyWire implements Wire {
  readonly kind = 'pty';
  readonly path: string;
  readonly #clock: Clock;
  #pair: Pair | null = null;
  #waiting: Bytes[] = [];
  #waitedMs = 0;
  #retry: TimerHandle | null = null;
  #lostBytes = 0;

  /** `path`: where the link to the slave is published. */
  constructor(path: string, clock: Clock) {
    this.path = path;
    this.#clock = clock;
  }

  get lostBytes(): number {
    return this.#lostBytes;
  }

  async plug(received: (bytes: Bytes) => void): Promise<void> {
    const pair = await openPair();
    pair.reader.on('data', (bytes: Buffer) => received(bytes));
    pair.reader.on('error', () => {});
    this.#pair = pair;
    rmSync(this.path, { force: true });
    symlinkSync(pair.slavePath, this.path);
  }

  async unplug(stale: boolean): Promise<void> {
    const pair = this.#pair;
    this.#pair = null;
    this.#giveUp();
    if (!stale) rmSync(this.path, { force: true });
    if (!pair) return;
    closeSync(pair.slave);
    await new Promise<void>((resolve) => {
      pair.reader.once('close', () => resolve());
      pair.reader.destroy();
    });
  }

  send(bytes: Bytes): void {
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      this.#waiting.push(bytes.subarray(start, start + pieceBytes));
    }
    if (!this.#retry) this.#flush();
  }

  deafen(deaf: boolean): void {
    if (deaf) this.#pair?.reader.pause();
    else this.#pair?.reader.resume();
  }

  #flush(): void {
    this.#retry = null;
    for (let next = this.#waiting[0]; next && this.#pair; next = this.#waiting[0]) {
      const written = writeSome(this.#pair.master, next);
      if (written === null) {
        this.#wait();
        return;
      }
      this.#waitedMs = 0;
      if (written === next.length) this.#waiting.shift();
      else this.#waiting[0] = next.subarray(written);
    }
  }

  #wait(): void {
    this.#waitedMs += retryMs;
    if (this.#waitedMs > patienceMs) this.#giveUp();
    else this.#retry = this.#clock.timer('pty write', retryMs, () => this.#flush());
  }

  #giveUp(): void {
    this.#retry?.cancel();
    this.#retry = null;
    this.#waitedMs = 0;
    for (const bytes of this.#waiting) this.#lostBytes += bytes.length;
    this.#waiting = [];
  }
}

/** Null when the pair's buffer is full. */
function writeSome(descriptor: number, bytes: Bytes): number | null {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null;
    throw error;
  }
}

async function openPair(): Promise<Pair> {
  const master = open('/dev/ptmx');
  let slave: number | null = null;
  try {
    await unlock(master);
    const slavePath = `/dev/pts/${ttyIndex(master)}`;
    slave = open(slavePath);
    // Until a host opens it a new pair echoes what the device sends and turns CR into LF.
    await run('stty', ['raw', '-echo'], slave, 0);
    const reader = new ReadStream(master);
    if (!isNonBlocking(master)) throw unavailable('the master lost its non-blocking flag');
    return { master, slave, slavePath, reader };
  } catch (error) {
    closeSync(master);
    if (slave !== null) closeSync(slave);
    throw error;
  }
}

function open(path: string): number {
  try {
    return openSync(path, deviceFlags);
  } catch (cause) {
    throw unavailable(messageOf(cause), cause);
  }
}

/** ioctl(TIOCSPTLCK, 0). Node has no ioctl, so a child that inherits the master as descriptor 3 does it. */
async function unlock(master: number): Promise<void> {
  try {
    await run('perl', ['-e', 'open(F,"+<&=",3) or die; my $z=pack("i",0); ioctl(F,0x40045431,$z) or die'], master, 3);
  } catch {
    await run('python3', ['-c', 'import fcntl;fcntl.ioctl(3,0x40045431,b"\\0\\0\\0\\0")'], master, 3);
  }
}

function run(program: string, args: readonly string[], descriptor: number, as: 0 | 3): Promise<void> {
  return new Promise((resolve, reject) => {
    const stdio = as === 0 ? [descriptor, 'ignore', 'ignore'] : ['ignore', 'ignore', 'ignore', descriptor];
    const child = spawn(program, args, { stdio: stdio as ('ignore' | number)[] });
    child.once('error', (cause) => reject(unavailable(`${program}: ${messageOf(cause)}`, cause)));
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(unavailable(`${program} ended with ${code}`));
    });
  });
}

const descriptorInfo = (descriptor: number): string => readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');

function ttyIndex(master: number): string {
  const index = /^tty-index:\s*(\d+)$/m.exec(descriptorInfo(master))?.[1];
  if (index === undefined) throw unavailable('the kernel does not say which slave belongs to the master');
  return index;
}

function isNonBlocking(descriptor: number): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(descriptorInfo(descriptor))?.[1] ?? '0';
  return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
}

function unavailable(what: string, cause?: unknown): StileError {
  return new StileError('LINE_UNAVAILABLE', `pseudo terminal: ${what}`, {
    remedy: 'Install perl or python3 and mount devpts, or use socket lines instead.',
    cause,
  });
}
