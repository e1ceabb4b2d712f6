// One process of the street: a real `stile` command, started, watched and ended by its id. What it
// logs goes to a file, so that a story that fails can be read afterwards.
import { fork, type ChildProcess as NodeChild } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { StileError } from '../../core/errors.ts';
import { Signal } from '../../core/event.ts';

/** What a child tells its parent over the process channel. */
export interface ChildMessage {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export interface StreetProcessOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The `stile` command to run; the one beside this file where nothing is said. */
  readonly entry?: string;
}

export class StreetProcess {
  readonly messages = new Signal<ChildMessage>();
  readonly changed = new Signal<'starting' | 'running' | 'dead'>();
  readonly #options: StreetProcessOptions;
  #child: NodeChild | null = null;
  #state: 'starting' | 'running' | 'dead' = 'dead';

  constructor(options: StreetProcessOptions) {
    this.#options = options;
  }

  get state(): 'starting' | 'running' | 'dead' {
    return this.#state;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /**
   * Starts the process and resolves when it says it is ready. `args` are added for this start only.
   * @throws StileError INTERNAL with the last line of its log when it ends before that.
   */
  async start(args: readonly string[] = []): Promise<void> {
    if (this.#child) return;
    const log = openSync(this.#options.logFile, 'a');
    const { entry = entryPoint } = this.#options;
    const child = fork(entry, [...this.#options.args, ...args], {
      stdio: ['ignore', log, log, 'ipc'],
      execArgv: nodeFlags(entry, this.#options.args[0]),
      env: { ...process.env, ...this.#options.environment, STILE_CHILD: '1' },
    });
    closeSync(log);
    this.#child = child;
    this.#become('starting');
    child.on('message', (message) => this.messages.emit(message as ChildMessage));
    child.once('exit', () => this.#ended(child));
    await this.#ready(child);
  }

  send(message: ChildMessage): void {
    if (this.#child?.connected) this.#child.send(message);
  }

  /** Sends `signal` and resolves when the process has ended. Nothing happens to a process that is not there. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await ended;
  }

  #ready(child: NodeChild): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = this.messages.on((message) => {
        if (message.kind !== 'ready') return;
        stop();
        this.#become('running');
        resolve();
      });
      child.once('exit', (code) => {
        stop();
        reject(this.#failed(code));
      });
    });
  }

  #failed(code: number | null): StileError {
    const last = readFileSync(this.#options.logFile, 'utf8').trimEnd().split('\n').slice(-3).join(' ');
    return new StileError('INTERNAL', `${this.#options.name} ended before it was ready (exit ${code}): ${last}`, {
      remedy: `Read ${this.#options.logFile}.`,
    });
  }

  #ended(child: NodeChild): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#become('dead');
  }

  #become(state: 'starting' | 'running' | 'dead'): void {
    this.#state = state;
    this.changed.emit(state);
  }
}

/**
 * A terminal lives in little memory: a capped heap of small generations, and one helper thread of V8 instead of
 * four, each of which keeps megabytes of freed memory to itself. docs/configuration.md tells a service the same.
 */
const terminalFlags = ['--max-semi-space-size=1', '--max-old-space-size=32', '--v8-pool-size=1'];

function nodeFlags(entry: string, command: string | undefined): string[] {
  if (entry.endsWith('.ts')) return ['--import', 'tsx'];
  return command === 'run' ? terminalFlags : [];
}

/** The `stile` command beside this file: the build's or the sources', whichever runs. */
const entryPoint = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../stile.ts' : '../stile.js', import.meta.url),
);
