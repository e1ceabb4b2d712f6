// Serial servers and RS-485 gateways are reached by address instead of by path.
import { StileError } from '../../runtime/core/errors.ts';

export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/**
 * `null` for a device path.
 * @throws StileError CONFIG_INVALID for `tcp://` without host or port 1..65535, or `unix:` without an absolute path.
 */
export function parseSocketAddress(path: string): SocketAddress | null {
  if (path.startsWith('unix:')) return unixAddress(path);
  if (path.startsWith('tcp:')) return tcpAddress(path);
  return null;
}

function unixAddress(path: string): SocketAddress {
  const socketPath = path.slice('unix:'.length);
  if (!socketPath.startsWith('/')) throw malformed(path, 'unix:/path/of/socket');
  return { kind: 'unix', path: socketPath };
}

function tcpAddress(path: string): SocketAddress {
  const match = /^tcp:\/\/(\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):(\d{1,5})$/.exec(path);
  const port = Number(match?.[2]);
  const host = match?.[1]?.replace(/^\[|\]$/g, '');
  if (host === undefined || port < 1 || port > 65_535) throw malformed(path, 'tcp://host:port with port 1 to 65535');
  return { kind: 'tcp', host, port };
}

function malformed(path: string, allowed: string): StileError {
  return new StileError('CONFIG_INVALID', `line path ${JSON.stringify(path)} is not ${allowed}`, {
    remedy: `Write the path as ${allowed}.`,
  });
}
