// How a slot line is asked and what is believed of it, on a virtual clock: each slot in turn, answers by their number,
// and a reader that falls silent.
import { describe, expect, it } from 'vitest';
import {
  encodeReadingAnswer,
  type ReadingRequest,
  readingRequestDecoder,
} from '../../../devices/cabinet/protocol/slot-line.ts';
import { SlotReader } from '../../../devices/cabinet/slot-reader.ts';
import type { Line, LineListener } from '../../../devices/serial/line.ts';
import { type Bytes, utf8 } from '../../../runtime/core/bytes.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';

type Answers = (request: ReadingRequest, turn: number) => { readonly afterMs: number; readonly bytes: Bytes } | null;

async function reader(slots: number, answers: Answers) {
  const clock = new VirtualClock(undefined, 1_000);
  const asked: [number, number][] = [];
  const read: (number | null)[] = [];
  let opened = 0;
  const open = async (): Promise<Line> => {
    opened++;
    const decoder = readingRequestDecoder();
    let listener: LineListener | null = null;
    return {
      path: '/dev/tags',
      listen: (heard) => {
        listener = heard;
      },
      write: (bytes) => {
        for (const request of decoder.push(bytes)) {
          asked.push([clock.monoMs() - 1_000, request.slot]);
          const answer = answers(request, asked.length);
          if (answer) clock.timer('reader', answer.afterMs, () => listener?.data(answer.bytes));
        }
        return true;
      },
      drain: async () => {},
      close: async () => {
        listener = null;
      },
    };
  };
  const made = new SlotReader({
    id: 'tags',
    quantity: 'tags',
    line: { path: '/dev/tags', baudRate: 115_200 },
    slots,
    roundMs: 250,
    backOffMs: [1_000],
    clock,
    log: silentLogger,
    open,
    read: (slot) => read.push(slot),
  });
  made.start();
  await clock.advance(0);
  return { reader: made, clock, asked, read, opened: () => opened };
}

const tagged = (request: ReadingRequest, ...tags: string[]): Bytes =>
  encodeReadingAnswer({ ...request, reading: { kind: 'tags', tags } });
const tagsAt = (made: SlotReader, slot: number): readonly string[] | null => {
  const reading = made.at(slot)?.reading;
  return reading?.kind === 'tags' ? reading.tags : null;
};

describe('slot reader', () => {
  it('asks each slot in turn, then rests until the next round', async () => {
    const {
      reader: made,
      clock,
      asked,
      read,
    } = await reader(3, (request) => ({
      afterMs: 10,
      bytes: tagged(request, `AG-${request.slot}`),
    }));
    await clock.advance(289);
    expect(asked).toEqual([
      [0, 1],
      [10, 2],
      [20, 3],
      [280, 1],
    ]);
    expect(read).toEqual([1, 2, 3]);
    expect(tagsAt(made, 2)).toEqual(['AG-2']);
  });

  it('does not take a late answer of the same slot for the one awaited', async () => {
    const { reader: made, clock } = await reader(1, (request, turn) =>
      turn === 1
        ? { afterMs: 460, bytes: tagged(request, 'AG-LATE') }
        : { afterMs: 50, bytes: tagged(request, 'AG-NOW') },
    );
    await clock.advance(470);
    expect(made.at(1)).toBeNull();
    await clock.advance(40);
    expect(tagsAt(made, 1)).toEqual(['AG-NOW']);
  });

  it('a miss or two are asked again; three in a row end the connection and its readings', async () => {
    let mute = 2;
    const {
      reader: made,
      clock,
      opened,
    } = await reader(2, (request) => (mute-- > 0 ? null : { afterMs: 0, bytes: tagged(request) }));
    await clock.advance(900);
    expect(made.health().state).toBe('online');
    expect(opened()).toBe(1);
    mute = 3;
    await clock.advance(1_200);
    expect(made.health()).toMatchObject({ state: 'faulty', detail: expect.stringContaining('DEVICE_SILENT') });
    expect(made.at(1)).toBeNull();
    await clock.advance(1_000);
    expect(opened()).toBe(2);
    expect(made.health().state).toBe('online');
  });

  it.each([
    [
      'the other quantity',
      (request: ReadingRequest) => encodeReadingAnswer({ ...request, quantity: 'charge', reading: { kind: 'failed' } }),
    ],
    ['another slot', (request: ReadingRequest) => tagged({ ...request, slot: 9 })],
    ['nonsense', () => utf8('OK\r')],
  ])('an answer of %s is none', async (_what, bytes) => {
    const { reader: made, clock } = await reader(1, (request) => ({ afterMs: 1, bytes: bytes(request) }));
    await clock.advance(1_200);
    expect(made.health().state).toBe('faulty');
    expect(made.at(9)).toBeNull();
  });

  it('stop leaves nothing to wait for', async () => {
    const { reader: made, clock } = await reader(1, () => null);
    await made.stop();
    expect(clock.pending()).toEqual([]);
    expect(made.health().state).toBe('stopped');
  });
});
