// What the page asks of the street; the answer is always a sentence, also when it failed.
import type { MuseumAct } from '../museum-world.ts';
import type { StreetAction } from '../world.ts';
import { answers } from './strings.ts';

export interface Answer {
  readonly ok: boolean;
  readonly said: string;
}

export const askAct = (token: string, action: StreetAction): Promise<Answer> => ask(token, '/act', { action });

export const askMuseum = (token: string, act: MuseumAct): Promise<Answer> => ask(token, '/museum', act);

/** Before the reader of a machine of the museum; of the bus where none is named. */
export async function askPresent(token: string, code: string, terminal: string | null): Promise<Answer> {
  const answer = await ask(token, '/present', terminal === null ? { code } : { code, terminal });
  if (!answer.ok) return answer;
  return answer.said === '' ? { ok: true, said: answers.shown } : { ok: false, said: answer.said };
}

async function ask(token: string, address: string, body: object): Promise<Answer> {
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-street-token': token },
      body: JSON.stringify(body),
    });
    const reply: { said?: string; message?: string } = await response.json();
    return { ok: response.ok, said: reply.said ?? reply.message ?? answers.unreachable };
  } catch {
    return { ok: false, said: answers.unreachable };
  }
}
