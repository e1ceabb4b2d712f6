// Who may talk to the street page: only a browser on this machine, on the page itself. Another site open
// in the same browser can reach loopback too, so name, origin and a secret of this start are all checked.
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const TOKEN_HEADER = 'x-street-token';

export interface Denied {
  readonly status: 403 | 421;
  readonly error: 'FOREIGN_HOST' | 'FOREIGN_ORIGIN' | 'WRONG_TOKEN';
  readonly message: string;
}

/** Names are compared whole: `localhost.`, `0.0.0.0` and a missing port are foreign (DNS rebinding). */
export function deniedHost(headers: IncomingHttpHeaders, port: number): Denied | undefined {
  if (hostsOf(port).includes(headers.host ?? '')) return undefined;
  return { status: 421, error: 'FOREIGN_HOST', message: `ask for the page as ${hostsOf(port).join(' or ')}` };
}

/** A read may come without Origin, as browsers send it, but never from another page. */
export function deniedReader(headers: IncomingHttpHeaders, port: number): Denied | undefined {
  const site = headers['sec-fetch-site'];
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const foreignOrigin = headers.origin !== undefined && !isOwnOrigin(headers.origin, port);
  return foreignSite || foreignOrigin ? foreignPage : undefined;
}

/** A write names its origin and carries the token that only the page was given. */
export function deniedWriter(headers: IncomingHttpHeaders, port: number, token: string): Denied | undefined {
  if (headers.origin === undefined || !isOwnOrigin(headers.origin, port)) return foreignPage;
  if (!isToken(headers[TOKEN_HEADER], token)) {
    return { status: 403, error: 'WRONG_TOKEN', message: 'the street was started anew: reload the page' };
  }
  return undefined;
}

const foreignPage: Denied = {
  status: 403,
  error: 'FOREIGN_ORIGIN',
  message: 'only the street page itself may do this',
};

const hostsOf = (port: number): readonly string[] => [`127.0.0.1:${port}`, `localhost:${port}`];

const isOwnOrigin = (origin: string, port: number): boolean =>
  hostsOf(port).some((host) => origin === `http://${host}`);

function isToken(given: string | string[] | undefined, token: string): boolean {
  if (typeof given !== 'string') return false;
  const left = Buffer.from(given);
  const right = Buffer.from(token);
  return left.length === right.length && timingSafeEqual(left, right);
}
