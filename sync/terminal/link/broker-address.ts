// Where a broker may be: without encryption, on this machine only.
import { StileError } from '../../../runtime/core/errors.ts';

/** @throws StileError CONFIG_INVALID for anything but `mqtt://` at a loopback address. */
export function brokerAddress(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol !== 'mqtt:') {
    throw refusal(url, 'must be mqtt://HOST:PORT; encrypted connections are not part of this version');
  }
  if (!isLoopback(parsed.hostname)) throw refusal(url, 'must be a loopback address, because mqtt:// is not encrypted');
  return url;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

const refusal = (url: string, problem: string): StileError =>
  new StileError('CONFIG_INVALID', `broker ${JSON.stringify(url)} ${problem}`, {
    remedy: 'Set "brokers" to addresses such as mqtt://127.0.0.1:1883.',
  });
