// `stile wire decode`: any message between terminal and head end as JSON. It shows what is said and proves
// nothing about who said it.

import { describeMessage } from '../../../sync/wire/describe.ts';
import { type Bytes, fromHex } from '../../core/bytes.ts';
import { StileError } from '../../core/errors.ts';
import { exitCodes } from './report.ts';

/** No message of Stile is larger. */
const messageBytesMax = 262_144;

/** @throws StileError MESSAGE_MALFORMED for bytes that are no such message. */
export async function decodeWire(topic: string, options: { hex?: string }): Promise<number> {
  const payload = options.hex === undefined ? await standardInput() : hexBytes(options.hex);
  const described = describeMessage(topic, payload);
  if (!described.ok) {
    throw new StileError('MESSAGE_MALFORMED', `${topic}: ${described.problem}`, {
      remedy: 'Check that the topic is the one the message was published on, and that the payload is whole.',
    });
  }
  process.stdout.write(`${JSON.stringify(described.value)}\n`);
  return exitCodes.done;
}

function hexBytes(text: string): Bytes {
  try {
    return fromHex(text);
  } catch {
    throw new StileError('USAGE', '--hex is not an even number of hexadecimal digits', {
      remedy: 'Give the payload in hexadecimal, or leave --hex out and pipe the bytes in.',
    });
  }
}

async function standardInput(): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > messageBytesMax) {
      throw new StileError('MESSAGE_MALFORMED', `the payload is longer than ${messageBytesMax} bytes`, {
        remedy: 'No message of Stile is that long: check what is piped in.',
      });
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
