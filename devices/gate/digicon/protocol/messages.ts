// Digicon Tx1500 turnstile controller: messages as values, and their commands. Driver and simulator share this; its bytes
// are pinned by a table in the tests.
// Source: the controller's serial protocol, 115200 baud 8N1. Frame: 02 sizeLo sizeHi command… bcc.
import type { Bytes } from '../../../../runtime/core/bytes.ts';

/** As seen from the controller. Which one is the entry depends on how the turnstile stands: configuration. */
export type ReleaseWay = 'rightToLeft' | 'leftToRight' | 'both';
export type PassageSensor = 'A' | 'B';

export type DigiconMessage =
  | { readonly kind: 'release'; readonly way: ReleaseWay }
  /** Back to controlled passage. */
  | { readonly kind: 'controlled' }
  | { readonly kind: 'alwaysFree' }
  | { readonly kind: 'ack' }
  | { readonly kind: 'nack' }
  | { readonly kind: 'passage'; readonly sensor: PassageSensor };

const start = 0x02;
/** Start and two bytes of size. */
export const headBytes = 3;
/** The longest documented command has two bytes; the rest is room for what is not documented. */
export const maxCommandBytes = 16;

/** The manual's table and its example disagree which of 48 and 41 is which way. */
const commands: readonly (readonly [command: readonly number[], message: DigiconMessage])[] = [
  [[0x48], { kind: 'release', way: 'rightToLeft' }],
  [[0x41], { kind: 'release', way: 'leftToRight' }],
  [[0x44], { kind: 'release', way: 'both' }],
  [[0x43], { kind: 'controlled' }],
  [[0x4c, 0x48], { kind: 'alwaysFree' }],
  [[0x06], { kind: 'ack' }],
  [[0x15], { kind: 'nack' }],
  [[0x1a], { kind: 'passage', sensor: 'A' }],
  [[0x1b], { kind: 'passage', sensor: 'B' }],
];

export function encode(message: DigiconMessage): Bytes {
  return frame(commandOf(message));
}

/** XOR of every byte before it. */
export const checkByte = (bytes: Bytes): number => bytes.reduce((sum, byte) => sum ^ byte, 0);

/** The message of a command; null for one that is not documented. */
export function messageOfCommand(command: Bytes): DigiconMessage | null {
  const found = commands.find(
    ([bytes]) => bytes.length === command.length && bytes.every((byte, index) => byte === command[index]),
  );
  return found?.[1] ?? null;
}

/** What a head of `headBytes` announces: bytes of the command, or null where no frame begins. */
export function commandBytesOf(head: Bytes): number | null {
  const [first = 0, low = 0, high = 0] = head;
  const count = (low | (high << 8)) - 1;
  return first === start && count >= 1 && count <= maxCommandBytes ? count : null;
}

function frame(command: readonly number[]): Bytes {
  const size = command.length + 1;
  const body = Uint8Array.of(start, size & 0xff, size >> 8, ...command);
  return Uint8Array.of(...body, checkByte(body));
}

function commandOf(message: DigiconMessage): readonly number[] {
  switch (message.kind) {
    case 'release':
      return { rightToLeft: [0x48], leftToRight: [0x41], both: [0x44] }[message.way];
    case 'controlled':
      return [0x43];
    case 'alwaysFree':
      return [0x4c, 0x48];
    case 'ack':
      return [0x06];
    case 'nack':
      return [0x15];
    case 'passage':
      return { A: [0x1a], B: [0x1b] }[message.sensor];
    default:
      return message satisfies never;
  }
}
