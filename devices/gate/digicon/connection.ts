// One connection to a Tx1500: its decoder and the one request that may be open. The protocol has no sequence number, so
// an acknowledgement belongs to the open request or to none.
import type { Bytes } from '../../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../../runtime/core/clock.ts';
import type { Line } from '../../serial/line.ts';
import type { Connection } from '../../serial/supervisor.ts';
import { DigiconDecoder, frameGapMs } from './protocol/decoder.ts';
import { type DigiconMessage, encode, type PassageSensor } from './protocol/messages.ts';

export type Answer = 'ack' | 'nack' | 'silence';

export interface DigiconConnectionOptions {
  readonly id: string;
  readonly line: Line;
  readonly clock: Clock;
  /** Default 300. */
  readonly ackTimeoutMs: number;
  readonly passage: (sensor: PassageSensor) => void;
  readonly lost: () => void;
}

export class DigiconConnection implements Connection {
  readonly #options: DigiconConnectionOptions;
  readonly #decoder = new DigiconDecoder();
  #answered: ((answer: Answer) => void) | null = null;
  #silence: TimerHandle | null = null;
  #gap: TimerHandle | null = null;
  #ended = false;

  constructor(options: DigiconConnectionOptions) {
    this.#options = options;
  }

  get busy(): boolean {
    return this.#answered !== null;
  }

  /** Sends once, ever. False, and nothing sent, while another request is open or the line takes no bytes. */
  request(message: DigiconMessage, answered: (answer: Answer) => void): boolean {
    const { id, line, clock, ackTimeoutMs } = this.#options;
    if (this.#ended || this.busy || !line.write(encode(message))) return false;
    this.#answered = answered;
    this.#silence = clock.timer(`ack ${id}`, ackTimeoutMs, () => this.#answer('silence'));
    return true;
  }

  data(bytes: Bytes): void {
    this.#gap?.cancel();
    this.#deliver(this.#decoder.push(bytes));
    if (this.#ended || this.#decoder.waitingBytes === 0) return;
    const { id, clock } = this.#options;
    this.#gap = clock.timer(`frame ${id}`, frameGapMs, () => this.#deliver(this.#decoder.flush()));
  }

  lost(): void {
    this.end();
    this.#options.lost();
  }

  /** Nothing is sent or heard from now on. */
  end(): void {
    this.#ended = true;
    this.#answered = null;
    this.#silence?.cancel();
    this.#gap?.cancel();
  }

  #deliver(messages: readonly DigiconMessage[]): void {
    for (const message of messages) {
      if (this.#ended) return;
      if (message.kind === 'ack' || message.kind === 'nack') this.#answer(message.kind);
      else if (message.kind === 'passage') this.#options.passage(message.sensor);
    }
  }

  #answer(answer: Answer): void {
    const answered = this.#answered;
    // Nobody asked: a late answer, or noise.
    if (!answered) return;
    this.#answered = null;
    this.#silence?.cancel();
    answered(answer);
  }
}
