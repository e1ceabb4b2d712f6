// The one page: the device end on the left, what became of it on the right.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { StreetAction, StreetSnapshot } from '../world.ts';
import { type Answer, askAct, askPresent } from './ask.ts';
import { Controls } from './controls.tsx';
import type { FeedShow, FeedState } from './feed.ts';
import { Phone } from './phone.tsx';
import { Records } from './records.tsx';
import { followBoard, type SignalTrack } from './signal.ts';
import { answers, page } from './strings.ts';
import { Strip } from './strip.tsx';
import { Validator } from './validator.tsx';

export interface AppProps {
  readonly token: string;
  readonly openFeed: (show: FeedShow) => () => void;
}

interface Seen {
  readonly snapshot: StreetSnapshot;
  readonly atMs: number;
  readonly track: SignalTrack;
}

export function App({ token, openFeed }: AppProps) {
  const [feed, setFeed] = useState<FeedState>('connecting');
  const [seen, setSeen] = useState<Seen | null>(null);
  const [answer, setAnswer] = useState<Answer>({ ok: true, said: answers.idle });
  const [busy, setBusy] = useState<ReadonlySet<StreetAction>>(new Set());
  const readerRef = useRef<HTMLDivElement>(null);

  useEffect(() => openFeed({ state: setFeed, snapshot: (snapshot) => setSeen((before) => see(before, snapshot)) }), []);

  const act = useCallback(async (action: StreetAction) => {
    setBusy((now) => new Set(now).add(action));
    setAnswer(await askAct(token, action));
    setBusy((now) => new Set([...now].filter((other) => other !== action)));
  }, []);
  const present = useCallback(async (code: string) => setAnswer(await askPresent(token, code)), []);
  const miss = useCallback(() => setAnswer({ ok: false, said: answers.missed }), []);

  const live = feed === 'live';
  return (
    <div class={live ? 'page' : 'page page-stale'}>
      <header class="head">
        <p class="brand">Stile</p>
        <h1>{page.title}</h1>
        <p class="lead">{page.lead}</p>
      </header>
      {feed === 'lost' && (
        <div class="lost" role="alert">
          <strong>{page.lost}</strong> {page.lostHint}
        </div>
      )}
      {!seen && feed !== 'lost' && <p class="connecting">{page.connecting}</p>}
      {seen && (
        <main class="street">
          <div class="stage">
            <Validator
              track={seen.track}
              plugged={seen.snapshot.reader.plugged}
              running={seen.snapshot.terminal.process === 'running'}
              readerRef={readerRef}
            />
            <Phone
              phone={seen.snapshot.phone}
              seenAtMs={seen.atMs}
              live={live}
              readerRef={readerRef}
              onPresent={present}
              onMiss={miss}
            />
          </div>
          <Controls denied={seen.snapshot.phone.denied} busy={busy} live={live} answer={answer} onAct={act} />
          <Strip snapshot={seen.snapshot} busy={busy} live={live} onAct={act} />
          <Records journal={seen.snapshot.journal} ledger={seen.snapshot.ledger} counts={seen.snapshot.counts} />
        </main>
      )}
    </div>
  );
}

function see(before: Seen | null, snapshot: StreetSnapshot): Seen {
  const atMs = performance.now();
  return { snapshot, atMs, track: followBoard(before?.track ?? null, snapshot.board, atMs) };
}
