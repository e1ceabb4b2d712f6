// The shared memory through which the main loop and the writer thread talk: one request at a time lies in it,
// and both sides wake each other with Atomics, which costs less than a posted message.
import { deserialize, serialize } from 'node:v8';
import { commitBytesMax, packAnswer, packCommit, unpackAnswer, unpackCommit } from './packed-message.ts';
import type { WriterAnswer, WriterRequest } from './writer-messages.ts';

const controlBytes = 64;
/** One request must fit: a commit of a few rows, each within the record profile. */
export const sharedBytes = controlBytes + 1_048_576;

/** So long a commit may hold the main loop; then it goes on and is called back. */
export const inPlaceWaitMs = 1;

const requestCount = 0;
const answerCount = 1;
const length = 2;
const outOfService = 3;
const form = 4;

/** How the bytes of a message are to be read. */
const forms = { general: 0, commit: 1, answer: 2 } as const;

/** Both ends of the shared memory. Counters only grow; the one who finds them unequal has work. */
export class SharedExchange {
  readonly #control: Int32Array;
  readonly #data: Buffer;

  constructor(shared: SharedArrayBuffer) {
    this.#control = new Int32Array(shared, 0, controlBytes / 4);
    this.#data = Buffer.from(shared, controlBytes);
  }

  /** Told by the writer at any time: it may fall out of service, and return, without a request. */
  get outOfService(): boolean {
    return Atomics.load(this.#control, outOfService) === 1;
  }

  set outOfService(value: boolean) {
    Atomics.store(this.#control, outOfService, value ? 1 : 0);
  }

  /** False for a request that is too large. */
  request(request: WriterRequest): boolean {
    return this.#put(request, requestCount);
  }

  answer(answer: WriterAnswer): void {
    this.#put(answer, answerCount);
  }

  /** Blocks the writer until request number `seen + 1` is there, or `timeoutMs` has passed. */
  waitForRequest(seen: number, timeoutMs: number): WriterRequest | null {
    if (Atomics.load(this.#control, requestCount) === seen) Atomics.wait(this.#control, requestCount, seen, timeoutMs);
    return Atomics.load(this.#control, requestCount) === seen ? null : (this.#take() as WriterRequest);
  }

  /**
   * Resolves on the main loop when answer number `seen + 1` is there. A healthy disk answers within
   * {@link inPlaceWaitMs}: waited for in place, it costs half of what a turn of the event loop does. Whoever
   * asked finishes first what it can do meanwhile.
   */
  async waitForAnswer(seen: number): Promise<WriterAnswer> {
    await null;
    if (Atomics.load(this.#control, answerCount) === seen) {
      Atomics.wait(this.#control, answerCount, seen, inPlaceWaitMs);
    }
    while (Atomics.load(this.#control, answerCount) === seen) {
      const waiting = Atomics.waitAsync(this.#control, answerCount, seen);
      if (waiting.async) await waiting.value;
    }
    return this.#take() as WriterAnswer;
  }

  #put(message: WriterRequest | WriterAnswer, counter: number): boolean {
    if ('kind' in message && message.kind === 'commit') {
      if (commitBytesMax(message) > this.#data.length) return false;
      return this.#hand(forms.commit, packCommit(message, this.#data), counter);
    }
    if ('ok' in message && message.ok && message.incidents.length === 0) {
      return this.#hand(forms.answer, packAnswer(message, this.#data), counter);
    }
    const bytes = serialize(message);
    if (bytes.length > this.#data.length) return false;
    this.#data.set(bytes);
    return this.#hand(forms.general, bytes.length, counter);
  }

  #hand(as: (typeof forms)[keyof typeof forms], bytes: number, counter: number): true {
    Atomics.store(this.#control, form, as);
    Atomics.store(this.#control, length, bytes);
    Atomics.add(this.#control, counter, 1);
    Atomics.notify(this.#control, counter);
    return true;
  }

  /** A copy: what it holds must not change when the next message is put. */
  #take(): WriterRequest | WriterAnswer {
    const bytes = this.#data.subarray(0, Atomics.load(this.#control, length));
    const as = Atomics.load(this.#control, form);
    if (as === forms.commit) return unpackCommit(bytes);
    if (as === forms.answer) return unpackAnswer(bytes);
    return deserialize(Buffer.from(bytes)) as WriterRequest | WriterAnswer;
  }
}
