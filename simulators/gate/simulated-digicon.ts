// A Digicon Tx1500 at the far end of a line, in front of a simulated barrier: obeys, acknowledges, tells of passages.

import { DigiconDecoder } from '../../devices/gate/digicon/protocol/decoder.ts';
import {
  type DigiconMessage,
  encode,
  type PassageSensor,
  type ReleaseWay,
} from '../../devices/gate/digicon/protocol/messages.ts';
import type { GateDirection } from '../../devices/ports/gate.ts';
import { type Bytes, concat } from '../../runtime/core/bytes.ts';
import { type Entropy, SeededEntropy } from '../../runtime/core/entropy.ts';
import type { DeviceEnd } from '../line/device-end.ts';
import type { Barrier } from './barrier.ts';
import { type PulseEntry, PulseRecord } from './pulse-record.ts';

export interface SimulatedDigiconOptions {
  readonly line: DeviceEnd;
  readonly barrier: Barrier;
  /** Which way and sensor are the entry, as the turnstile stands. */
  readonly entry: { readonly release: Exclude<ReleaseWay, 'both'>; readonly passage: PassageSensor };
  /** CLOCK_MONOTONIC in microseconds. */
  readonly nowUs: () => number;
  /** Chance of the faults. Default: a fixed seed. */
  readonly entropy?: Entropy;
}

export class SimulatedDigicon {
  readonly line: DeviceEnd;
  readonly #options: SimulatedDigiconOptions;
  readonly #entropy: Entropy;
  readonly #record = new PulseRecord();
  readonly #received: DigiconMessage[] = [];
  readonly #stops: readonly (() => void)[];
  readonly #decoder = new DigiconDecoder();

  constructor(options: SimulatedDigiconOptions) {
    this.line = options.line;
    this.#options = options;
    this.#entropy = options.entropy ?? new SeededEntropy('simulated digicon');
    this.#stops = [
      this.line.data.on((bytes) => this.#data(bytes)),
      options.barrier.outputChanged.on(({ output, active }) => {
        if (active && output === 'passageEntry') this.#passed('entry');
        if (active && output === 'passageExit') this.#passed('exit');
      }),
    ];
  }

  /** Releases that arrived, oldest first. */
  get pulses(): readonly PulseEntry[] {
    return this.#record.entries;
  }

  /** Every message that arrived, the newest {@link maxReceived}. */
  get received(): readonly DigiconMessage[] {
    return this.#received;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #data(bytes: Bytes): void {
    if (!this.#options.barrier.state.powered) return;
    for (const message of this.#decoder.push(bytes)) this.#message(message);
  }

  #message(message: DigiconMessage): void {
    const { barrier } = this.#options;
    this.#received.push(message);
    if (this.#received.length > maxReceived) this.#received.shift();
    const refused = barrier.faults.fire('nack') !== null;
    const taken = !refused && this.#act(message);
    if (message.kind === 'release') this.#note(message.way, taken);
    if (!refused && !taken) return;
    if (barrier.faults.fire('lost-ack')) return;
    this.#say({ kind: refused ? 'nack' : 'ack' });
  }

  /** False when the controller is dead to it. */
  #act(message: DigiconMessage): boolean {
    const { barrier } = this.#options;
    switch (message.kind) {
      case 'release':
        return barrier.release(this.#direction(message.way));
      case 'controlled':
        return barrier.setAlwaysFree(false);
      case 'alwaysFree':
        return barrier.setAlwaysFree(true);
      case 'ack':
      case 'nack':
      case 'passage':
        return false;
      default:
        return message satisfies never;
    }
  }

  #note(way: ReleaseWay, taken: boolean): void {
    const atUs = this.#options.nowUs();
    this.#record.add({ direction: this.#direction(way), fromUs: atUs, toUs: atUs, taken });
  }

  #passed(direction: GateDirection): void {
    const { passage } = this.#options.entry;
    const other = passage === 'A' ? 'B' : 'A';
    this.#say({ kind: 'passage', sensor: direction === 'entry' ? passage : other });
  }

  #say(message: DigiconMessage): void {
    const noise = this.#entropy.bytes(this.#options.barrier.faults.fire('noise')?.bytes ?? 0);
    this.line.write(concat(noise, encode(message)));
  }

  #direction(way: ReleaseWay): GateDirection | 'both' {
    if (way === 'both') return way;
    return way === this.#options.entry.release ? 'entry' : 'exit';
  }
}

const maxReceived = 1_000;
