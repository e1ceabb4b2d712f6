// The file a recorded line is kept in: a first line that says what it is, then one JSON object for each piece of
// bytes with its time and direction. People send such files from the field, so reading trusts nothing in them.
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { type Bytes, fromHex, hex } from '../../core/bytes.ts';
import { messageOf, StileError } from '../../core/errors.ts';

export const traceLimits = {
  /** One read of a serial line is far smaller; a longer line in the file is no trace. */
  pieceBytes: 65_536,
  /** Recording ends here; reading goes no further either. About an hour of a line at 115,200 baud that never rests. */
  traceBytes: 64 * 1024 * 1024,
  pieces: 4_000_000,
} as const;

export type LineDirection = 'fromDevice' | 'toDevice';

/** What passed at one moment. `atUs`: microseconds since the recording began. */
export interface TracePiece {
  readonly atUs: number;
  readonly direction: LineDirection;
  readonly bytes: Bytes;
}

const headerShape = z.strictObject({
  format: z.literal('stile-line-trace'),
  version: z.literal(1),
  baudRate: z.number().int().min(50).max(4_000_000),
  startedAt: z.iso.datetime(),
});

export type TraceHeader = z.infer<typeof headerShape>;

const pieceShape = z.strictObject({
  atUs: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
  direction: z.enum(['fromDevice', 'toDevice']),
  hex: z
    .string()
    .max(traceLimits.pieceBytes * 2)
    .regex(/^([0-9a-f]{2})+$/),
});

export const headerLine = (header: TraceHeader): string => `${JSON.stringify(header)}\n`;

export const pieceLine = ({ atUs, direction, bytes }: TracePiece): string =>
  `${JSON.stringify({ atUs, direction, hex: hex(bytes) })}\n`;

/** @throws StileError FILE_UNREADABLE naming file, line and what is wrong. */
export async function readTrace(file: string): Promise<{ header: TraceHeader; pieces: readonly TracePiece[] }> {
  let header: TraceHeader | null = null;
  const pieces: TracePiece[] = [];
  let number = 0;
  for await (const line of linesOf(file)) {
    number++;
    if (pieces.length === traceLimits.pieces) throw unreadable(file, number, `more than ${traceLimits.pieces} pieces`);
    if (header === null) header = shaped(headerShape, line, file, number);
    else {
      const { atUs, direction, hex: digits } = shaped(pieceShape, line, file, number);
      const previous = pieces.at(-1);
      if (previous && atUs < previous.atUs) throw unreadable(file, number, 'atUs goes back in time');
      pieces.push({ atUs, direction, bytes: fromHex(digits) });
    }
  }
  if (header === null) throw unreadable(file, 1, 'the file is empty');
  return { header, pieces };
}

/** Looks at the size first: a file of one endless line would be read whole before anything could be said of it. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > traceLimits.traceBytes) throw unreadable(file, 0, `larger than ${traceLimits.traceBytes} bytes`);
  const input = createReadStream(file, { encoding: 'utf8' });
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) yield line;
  } catch (error) {
    throw unreadable(file, 0, messageOf(error), error);
  } finally {
    input.destroy();
  }
}

function shaped<T>(shape: z.ZodType<T>, line: string, file: string, number: number): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw unreadable(file, number, 'not JSON', error);
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(file, number, `${issue?.path.join('.') || 'object'}: ${issue?.message ?? 'malformed'}`);
}

function unreadable(file: string, line: number, what: string, cause?: unknown): StileError {
  if (cause instanceof StileError) return cause;
  return new StileError('FILE_UNREADABLE', `${file}${line > 0 ? `, line ${line}` : ''}: ${what}`, {
    remedy: 'Give a file that `stile line record` wrote, whole and unchanged.',
    cause,
  });
}
