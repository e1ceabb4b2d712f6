// The two messages that every decision pays for, a commit and its plain answer, as flat bytes. A general
// serializer costs more than the decision's signatures cost to hash. All else goes the general way.
import type { Bytes } from '../core/bytes.ts';
import type { Projection } from './journal.ts';
import type { RowToWrite, WriterAnswer, WriterRequest } from './writer-messages.ts';

type Commit = Extract<WriterRequest, { kind: 'commit' }>;
type PlainAnswer = Extract<WriterAnswer, { ok: true }>;

const absent = 0xffff_ffff;

/** Bytes that {@link packCommit} may need at most. */
export function commitBytesMax({ rows, projections }: Commit): number {
  const textBytesMax = (text: string): number => 4 + text.length * 3;
  let length = 8;
  for (const { body, hash, ref, type, day } of rows) {
    length += 24 + body.length + hash.length + textBytesMax(ref) + textBytesMax(type) + textBytesMax(day);
  }
  for (const { space, key, value } of projections) {
    length += textBytesMax(space) + 8 + key.length + (value?.length ?? 0);
  }
  return length;
}

/** Writes from the start of `into`; returns the length. */
export function packCommit({ rows, projections }: Commit, into: Buffer): number {
  const packer = new Packer(into);
  packer.count(rows.length);
  packer.count(projections.length);
  for (const row of rows) {
    packer.number(row.epoch);
    packer.number(row.seq);
    packer.bytes(row.body);
    packer.bytes(row.hash);
    for (const text of [row.ref, row.type, row.day]) packer.text(text);
  }
  for (const { space, key, value } of projections) {
    packer.text(space);
    packer.bytes(key);
    if (value === null) packer.count(absent);
    else packer.bytes(value);
  }
  return packer.at;
}

export function unpackCommit(from: Buffer): Commit {
  const unpacker = new Unpacker(from);
  const [rowCount, projectionCount] = [unpacker.count(), unpacker.count()];
  const rows: RowToWrite[] = [];
  for (let row = 0; row < rowCount; row++) {
    rows.push({
      epoch: unpacker.number(),
      seq: unpacker.number(),
      body: unpacker.bytes(),
      hash: unpacker.bytes(),
      ref: unpacker.text(),
      type: unpacker.text(),
      day: unpacker.text(),
    });
  }
  const projections: Projection[] = [];
  for (let projection = 0; projection < projectionCount; projection++) {
    projections.push({ space: unpacker.text(), key: unpacker.bytes(), value: unpacker.bytesOrNull() });
  }
  return { kind: 'commit', rows, projections };
}

export function packAnswer({ changed, file }: PlainAnswer, into: Buffer): number {
  const packer = new Packer(into);
  packer.count(changed);
  packer.number(file.usedBytes);
  packer.count(file.ballast ? 1 : 0);
  return packer.at;
}

export function unpackAnswer(from: Buffer): PlainAnswer {
  const unpacker = new Unpacker(from);
  const changed = unpacker.count();
  const file = { usedBytes: unpacker.number(), ballast: unpacker.count() === 1 };
  return { ok: true, changed, file, incidents: [] };
}

class Packer {
  at = 0;
  readonly #into: Buffer;

  constructor(into: Buffer) {
    this.#into = into;
  }

  count(value: number): void {
    this.at = this.#into.writeUInt32LE(value, this.at);
  }

  number(value: number): void {
    this.at = this.#into.writeDoubleLE(value, this.at);
  }

  bytes(value: Bytes): void {
    this.count(value.length);
    this.#into.set(value, this.at);
    this.at += value.length;
  }

  text(value: string): void {
    const length = this.#into.write(value, this.at + 4);
    this.count(length);
    this.at += length;
  }
}

/** Hands out copies: the memory under `from` belongs to the next message. */
class Unpacker {
  #at = 0;
  readonly #from: Buffer;

  constructor(from: Buffer) {
    this.#from = from;
  }

  count(): number {
    this.#at += 4;
    return this.#from.readUInt32LE(this.#at - 4);
  }

  number(): number {
    this.#at += 8;
    return this.#from.readDoubleLE(this.#at - 8);
  }

  bytes(): Bytes {
    return this.#copy(this.count());
  }

  bytesOrNull(): Bytes | null {
    const length = this.count();
    return length === absent ? null : this.#copy(length);
  }

  text(): string {
    const length = this.count();
    this.#at += length;
    return this.#from.toString('utf8', this.#at - length, this.#at);
  }

  #copy(length: number): Bytes {
    const copy = new Uint8Array(length);
    copy.set(this.#from.subarray(this.#at, this.#at + length));
    this.#at += length;
    return copy;
  }
}
