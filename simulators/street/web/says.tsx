// What a terminal says of itself, apart from what its devices do: the answer on its screen, and its call for staff.
import type { MachineSnapshot } from '../museum-world.ts';
import { happened, reasons, says as words } from './strings.ts';

export function Says({ machine }: { readonly machine: MachineSnapshot }) {
  const { answer, alarm, process } = machine;
  return (
    <p class={alarm ? 'says says-alarm' : 'says'} aria-live="polite">
      {process === 'running' ? (
        <>
          {words.terminal} {answer ? answerWords(answer) : words.nothing}
          {alarm && <strong> {words.alarm(alarm)}</strong>}
        </>
      ) : (
        <strong>{words.process[process]}</strong>
      )}
    </p>
  );
}

function answerWords({ cue, reason, ref }: NonNullable<MachineSnapshot['answer']>): string {
  const what = reason === 'OK' ? (words.cues[cue] ?? cue) : (reasons[reason] ?? happened[reason] ?? reason);
  return ref === null ? what : `${what} (${ref})`;
}
