// What a passenger, a cheat and an operator can do; each button says in a line what it shows.
import type { StreetAction } from '../world.ts';
import type { Answer } from './ask.ts';
import { acts, answers, groups } from './strings.ts';

export interface ControlsProps {
  readonly denied: boolean;
  readonly busy: ReadonlySet<StreetAction>;
  readonly live: boolean;
  readonly answer: Answer;
  readonly onAct: (action: StreetAction) => void;
}

export function Controls({ denied, busy, live, answer, onAct }: ControlsProps) {
  const button = (action: StreetAction, look = '') => (
    <button
      key={action}
      type="button"
      class={`act ${look}`}
      disabled={!live || busy.has(action)}
      aria-busy={busy.has(action)}
      onClick={() => onAct(action)}
    >
      <span class="act-label">{acts[action].label}</span>
      <span class="act-hint">{acts[action].hint}</span>
    </button>
  );
  return (
    <section class="controls">
      <Group name={groups.passenger}>
        {button('ride', 'act-first')}
        {button('hold')}
      </Group>
      <Group name={groups.cheat}>
        {button('stale')}
        {button('forge')}
        {button('foreign')}
      </Group>
      <Group name={groups.account}>{button(denied ? 'pardon' : 'deny')}</Group>
      <p class={answer.ok ? 'answer' : 'answer answer-bad'} role="status" aria-label={answers.label}>
        {answer.said}
      </p>
    </section>
  );
}

function Group({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <fieldset class="group">
      <legend>{name}</legend>
      <div class="group-acts">{children}</div>
    </fieldset>
  );
}
