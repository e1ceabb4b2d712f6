// Where a broker may be: without encryption, on this machine only.
import { StileError } from '../../../runtime/core/errors.ts';

/** @throws StileError CONFIG_INVALID for anything but `mqtt://` at a loopback address. */
export function brokerAddress(url: string): string {
  const problem = brokerProblem(url);
  if (problem !== null) throw refusal(url, problem);
  return url;
}

/** What is wrong with the address, as the end of a sentence; null for a good one. */
export function brokerProblem(url: string): string | null {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol !== 'mqtt:' || parsed.hostname === '') {
    return 'must be mqtt://HOST:PORT; encrypted connections are not part of this version';
  }
  return isLoopback(parsed.hostname) ? null : 'must be a loopback address, because mqtt:// is not encrypted';
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

const refusal = (url: string, problem: string): StileError =>
  new StileError('CONFIG_INVALID', `broker ${JSON.stringify(url)} ${problem}`, {
    remedy: 'Set "brokers" to addresses such as mqtt://127.0.0.1:1883.',
  });
