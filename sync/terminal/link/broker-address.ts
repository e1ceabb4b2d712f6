// Where a broker may be: anywhere with mTLS, and without encryption on this machine only.
import { StileError } from '../../../runtime/core/errors.ts';

/** @throws StileError CONFIG_INVALID for anything but `mqtts://`, or `mqtt://` at a loopback address. */
export function brokerAddress(url: string): string {
  const problem = brokerProblem(url);
  if (problem !== null) throw refusal(url, problem);
  return url;
}

/** What is wrong with the address, as the end of a sentence; null for a good one. */
export function brokerProblem(url: string): string | null {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const isPlain = parsed?.protocol === 'mqtt:';
  if (!parsed || (!isPlain && parsed.protocol !== 'mqtts:') || parsed.hostname === '') {
    return 'must be mqtts://HOST:PORT, or mqtt://HOST:PORT on this machine';
  }
  return !isPlain || isLoopback(parsed.hostname)
    ? null
    : 'must be mqtts://, or a loopback address, because mqtt:// is not encrypted';
}

/** The connection is made with the certificates of the configuration. */
export const isEncrypted = (url: string): boolean => url.startsWith('mqtts:');

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

const refusal = (url: string, problem: string): StileError =>
  new StileError('CONFIG_INVALID', `broker ${JSON.stringify(url)} ${problem}`, {
    remedy: 'Set "brokers" to addresses such as mqtts://broker.example:8883 or mqtt://127.0.0.1:1883.',
  });
