// The head of the page: what it is, what the last act brought, and the head end that all machines share.
import type { StreetAction, StreetSnapshot } from '../world.ts';
import type { Answer } from './ask.ts';
import type { Hands } from './hands.ts';
import { StateMark } from './shapes.tsx';
import { acts, answers, areas, page, headEnd as words } from './strings.ts';

export interface HeadProps {
  readonly snapshot: StreetSnapshot | null;
  readonly hands: Hands;
  readonly answer: Answer;
}

export function Head({ snapshot, hands, answer }: HeadProps) {
  return (
    <header class="head">
      <p class="brand">Stile</p>
      <h1>{page.title}</h1>
      <p class={answer.ok ? 'answer' : 'answer answer-bad'} role="status" aria-label={answers.label}>
        {answer.said}
      </p>
      {snapshot && <HeadEnd running={snapshot.headEnd === 'running'} hands={hands} />}
    </header>
  );
}

/** On a narrow page its parts lie under each other; this leads to each. */
export function Ways() {
  return (
    <nav class="ways" aria-label={areas.label}>
      {(['phone', 'bus', 'gate', 'cabinets', 'records'] as const).map((area) => (
        <a key={area} href={`#${area}`}>
          {areas[area]}
        </a>
      ))}
    </nav>
  );
}

function HeadEnd({ running, hands }: { readonly running: boolean; readonly hands: Hands }) {
  const action: StreetAction = running ? 'stop-headend' : 'start-headend';
  return (
    <div class={`head-end part-${running}`}>
      <StateMark good={running} />
      <p class="part-words">
        <span class="part-label">{words.name}</span>
        <span class="part-state">{running ? words.running : words.stopped}</span>
      </p>
      <button
        type="button"
        class="part-act"
        title={acts[action].hint}
        aria-label={`${acts[action].label}: ${words.name}. ${acts[action].hint}`}
        disabled={!hands.live || hands.isBusy(action)}
        onClick={() => hands.act(action)}
      >
        {acts[action].label}
      </button>
    </div>
  );
}
