// Where a person at the head end's own machine gives it orders while it runs: a socket in its data folder, which only its
// user may open. One order a connection, as one JSON line; one line comes back.
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { messageOf, StileError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';

export const orderSocketLimits = {
  connections: 8,
  bytes: 16_384,
  /** sun_path of unix(7), less its end: a longer one is cut short without a word. */
  pathBytes: 107,
} as const;

export type OrderAnswer =
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly code: string; readonly detail: string };

export const orderSocketOf = (dataFolder: string): string => join(dataFolder, 'headend.sock');

/** A head end whose path is too long for a socket serves without one. */
export async function openOrderSocket(
  dataFolder: string,
  obey: (order: unknown) => Promise<unknown>,
  log: Logger,
): Promise<{ close(): Promise<void> }> {
  const path = orderSocketOf(dataFolder);
  if (Buffer.byteLength(path) > orderSocketLimits.pathBytes) {
    log.warn('no orders are taken here', { detail: `the path of ${path} is too long for a socket` });
    return { close: async () => {} };
  }
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    readLine(socket, (line) => {
      answerTo(line, obey).then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
    });
  });
  server.maxConnections = orderSocketLimits.connections;
  rmSync(path, { force: true });
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', (error) => {
      log.warn('no orders are taken here', { detail: messageOf(error) });
      resolve(false);
    });
    server.listen(path, () => resolve(true));
  });
  if (listening) chmodSync(path, 0o600);
  return {
    close: async () => {
      for (const socket of open) socket.destroy();
      if (listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** @throws StileError LINK_LOST where no head end listens, or it ended before it answered. */
export async function giveOrder(dataFolder: string, order: object): Promise<OrderAnswer> {
  const path = orderSocketOf(dataFolder);
  return new Promise((resolve, reject) => {
    const lost = (detail: string): void =>
      reject(
        new StileError('LINK_LOST', `head end at ${path}: ${detail}`, {
          remedy: 'Start it with `stile headend run`, and give the order on the same machine as the same user.',
        }),
      );
    const socket = connect(path, () => socket.write(`${JSON.stringify(order)}\n`));
    socket.once('error', (error) => lost(messageOf(error)));
    socket.once('end', () => lost('it ended before it answered'));
    readLine(socket, (line) => {
      socket.destroy();
      resolve(JSON.parse(line) as OrderAnswer);
    });
  });
}

/** Calls `got` once, with the first line; what is longer than any order ends the connection. */
function readLine(socket: Socket, got: (line: string) => void): void {
  let text = '';
  let done = false;
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    if (done) return;
    text += chunk;
    const end = text.indexOf('\n');
    if (end < 0 && text.length > orderSocketLimits.bytes) socket.destroy();
    if (end < 0) return;
    done = true;
    got(text.slice(0, end));
  });
}

async function answerTo(line: string, obey: (order: unknown) => Promise<unknown>): Promise<OrderAnswer> {
  try {
    return { ok: true, answer: await obey(JSON.parse(line)) };
  } catch (error) {
    const code = error instanceof StileError ? error.code : 'MESSAGE_MALFORMED';
    return { ok: false, code, detail: messageOf(error) };
  }
}
