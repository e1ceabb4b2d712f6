// The made-up hidraw device for tests: the library that is preloaded into a process, and the plug at its other end.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { HidPlug } from '../../../simulators/scanner/simulated-hid-scanner.ts';

export const madeUpPath = '/dev/hidraw-stile';

/** Compiles the library and returns its path. */
export function buildHidraw(folder: string): string {
  const library = join(folder, 'hidraw.so');
  const source = join(import.meta.dirname, 'hidraw.c');
  const args = ['-O1', '-Wall', '-Werror', '-shared', '-fPIC', '-o', library, source, '-ldl'];
  const { status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`hidraw.c does not compile: ${stderr}`);
  return library;
}

/** With it a process finds the device at {@link madeUpPath}. */
export const hidrawEnvironment = (library: string, socketPath: string): Readonly<Record<string, string>> => ({
  LD_PRELOAD: library,
  STILE_HIDRAW_PATH: madeUpPath,
  STILE_HIDRAW_SOCKET: socketPath,
});

/** The kernel's part: a plug at a unix socket that carries reports. */
export class SocketPlug implements HidPlug {
  readonly written: Buffer[] = [];
  readonly #path: string;
  #server: Server | null = null;
  #host: Socket | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async replug(): Promise<void> {
    const server = createServer((socket) => {
      this.#host = socket;
      socket.on('error', () => {});
      socket.on('data', (bytes) => this.written.push(bytes));
    });
    this.#server = server;
    await once(server.listen(this.#path), 'listening');
  }

  report(report: Uint8Array): void {
    this.#host?.write(report);
  }

  unplug(): void {
    this.#server?.close();
    this.#host?.destroy();
  }
}
