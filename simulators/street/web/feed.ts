// The live snapshots of the street. The browser reconnects by itself; silence longer than a heartbeat
// is told as what it is, and a street that was started anew gives this page its new token by a reload.
import type { StreetSnapshot } from '../world.ts';

export type FeedState = 'connecting' | 'live' | 'lost';
export interface FeedShow {
  state(state: FeedState): void;
  snapshot(snapshot: StreetSnapshot): void;
}

/** Three heartbeats of the server. */
const SILENCE_MS = 6000;
const RETRY_MS = 1000;

/** Returns how to close it. */
export function openFeed(start: string, show: FeedShow): () => void {
  let source: EventSource | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;

  function connect(): void {
    source = new EventSource('/events');
    source.addEventListener('hello', (event) => {
      if (JSON.parse(event.data) !== start) location.reload();
    });
    source.addEventListener('beat', alive);
    source.addEventListener('message', (event) => {
      alive();
      show.snapshot(JSON.parse(event.data));
    });
    source.addEventListener('error', lose);
    watch(SILENCE_MS);
  }
  function alive(): void {
    show.state('live');
    watch(SILENCE_MS);
  }
  function lose(): void {
    show.state('lost');
    source?.close();
    clearTimeout(watchdog);
    watchdog = setTimeout(connect, RETRY_MS);
  }
  function watch(delayMs: number): void {
    clearTimeout(watchdog);
    watchdog = setTimeout(lose, delayMs);
  }

  connect();
  return () => {
    source?.close();
    clearTimeout(watchdog);
  };
}
