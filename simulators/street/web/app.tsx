// The one page: the phone, the bus, the gate and the cabinets, and under them what became of it.
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { MuseumAct } from '../museum-world.ts';
import type { StreetAction } from '../world.ts';
import { type Answer, askAct, askMuseum, askPresent } from './ask.ts';
import { Bus } from './bus.tsx';
import type { Choice } from './choice.ts';
import type { FeedShow, FeedState } from './feed.ts';
import { actKey, type Hands } from './hands.ts';
import { Head, Ways } from './head.tsx';
import { Cabinets, Gate } from './museum.tsx';
import { useReaders } from './readers.ts';
import { Records } from './records.tsx';
import { type Seen, see } from './seen.ts';
import { answers, page } from './strings.ts';
import { codeOf, Wallet } from './wallet.tsx';

export interface AppProps {
  readonly token: string;
  readonly openFeed: (show: FeedShow) => () => void;
}

export function App({ token, openFeed }: AppProps) {
  const [feed, setFeed] = useState<FeedState>('connecting');
  const [seen, setSeen] = useState<Seen | null>(null);
  const [answer, setAnswer] = useState<Answer>({ ok: true, said: answers.idle });
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [choice, setChoice] = useState<Choice>('ride');
  const readers = useReaders();

  useEffect(() => openFeed({ state: setFeed, snapshot: (snapshot) => setSeen((before) => see(before, snapshot)) }), []);

  const perform = useCallback(async (act: StreetAction | MuseumAct) => {
    const key = actKey(act);
    setBusy((now) => new Set(now).add(key));
    setAnswer(await (typeof act === 'string' ? askAct(token, act) : askMuseum(token, act)));
    setBusy((now) => new Set([...now].filter((other) => other !== key)));
  }, []);
  const miss = useCallback(() => setAnswer({ ok: false, said: answers.missed }), []);

  async function show(terminal: string): Promise<void> {
    if (!seen) return;
    const code = codeOf(seen.snapshot, choice);
    if (code !== null) {
      const onBus = terminal === seen.snapshot.terminal.id;
      setAnswer(await askPresent(token, code, onBus ? null : terminal));
    } else if (seen.snapshot.museum?.cabinets.some(({ id }) => id === terminal)) {
      await perform({ kind: 'borrow', cabinet: terminal, by: 'phone' });
    } else setAnswer({ ok: false, said: answers.nothingToScan });
  }

  const live = feed === 'live';
  const hands: Hands = {
    live,
    choice,
    isBusy: (act) => busy.has(actKey(act)),
    act: perform,
    museum: perform,
    show,
    place: readers.place,
  };
  return (
    <div class={live ? 'page' : 'page page-stale'}>
      <Head snapshot={seen?.snapshot ?? null} hands={hands} answer={answer} />
      {seen?.snapshot.museum && <Ways />}
      {feed === 'lost' && (
        <div class="lost" role="alert">
          <strong>{page.lost}</strong> {page.lostHint}
        </div>
      )}
      {!seen && feed !== 'lost' && <p class="connecting">{page.connecting}</p>}
      {seen && (
        <main class={seen.snapshot.museum ? 'street' : 'street street-bus'}>
          <Wallet
            snapshot={seen.snapshot}
            hands={hands}
            seenAtMs={seen.atMs}
            placeOf={readers.of}
            onChoose={setChoice}
            onMiss={miss}
          />
          <Bus snapshot={seen.snapshot} track={seen.bus} hands={hands} />
          {seen.snapshot.museum && (
            <>
              <Gate museum={seen.snapshot.museum} tracks={seen.museum} hands={hands} />
              <Cabinets museum={seen.snapshot.museum} tracks={seen.museum} hands={hands} />
            </>
          )}
          <Records snapshot={seen.snapshot} />
        </main>
      )}
    </div>
  );
}
