// What the head end needs from outside: a broker to speak through and somebody who can judge a token.
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Signal } from '../../runtime/core/event.ts';
import type { Row } from '../../runtime/records/row.ts';
import type { RowDate } from './row-dates.ts';

export interface ExchangeMessage {
  readonly topic: string;
  readonly payload: Bytes;
}

/** A broker as the head end uses it: embedded, in memory, or a client of one elsewhere. */
export interface Exchange {
  publish(topic: string, payload: Bytes, options: { readonly qos: 0 | 1; readonly retain: boolean }): void;
  /** Handlers return at once: delivery is confirmed to the sender before anything is stored. */
  subscribe(filter: string, handler: (message: ExchangeMessage) => void): void;
  /** After each connection to a broker elsewhere, which may have forgotten what it retained. */
  readonly up?: Signal<void>;
}

/**
 * Verifies the token bytes of a row again, with the head end's own trust list at the recorded time; where that was not
 * trusted, at the time that the journal proves.
 */
export interface EvidenceJudge {
  judge(
    row: Row,
    token: Bytes,
    date: RowDate,
  ): { readonly good: true } | { readonly good: false; readonly reason: string };
}
