// Which terminals are there, from births, wills and whatever else is heard. A hint for people: it proves
// nothing about rows.
import type { Clock } from '../../runtime/core/clock.ts';
import { parseState } from '../wire/presence.ts';
import { parseTopic } from '../wire/topics.ts';
import type { ExchangeMessage } from './ports.ts';

export const presenceLimits = { onlineForMs: 180_000, lostAfterWillMs: 20_000, staleAfterMs: 86_400_000 } as const;
export type PresenceState = 'ONLINE' | 'QUIET' | 'LOST' | 'STALE';

interface Heard {
  readonly birth: number;
  readonly heardMs: number;
  /** When its newest will arrived; the terminal gets this long to come back before it counts as lost. */
  readonly willMs: number | null;
}

export class Presence {
  readonly #clock: Clock;
  readonly #operator: string;
  readonly #heard = new Map<string, Heard>();

  constructor(options: { operator: string; clock: Clock }) {
    this.#clock = options.clock;
    this.#operator = options.operator;
  }

  born(terminal: string, birth: number): void {
    this.#heard.set(terminal, { birth, heardMs: this.#clock.monoMs(), willMs: null });
  }

  /** Something authentic came from this terminal. */
  heard(terminal: string): void {
    const known = this.#heard.get(terminal);
    if (known) this.#heard.set(terminal, { ...known, heardMs: this.#clock.monoMs() });
  }

  /** Any message on a state topic: a will of another birth than the newest is stale. */
  receive({ topic, payload }: ExchangeMessage): void {
    const address = parseTopic(topic);
    const state = parseState(payload);
    if (address?.to !== 'state' || address.operator !== this.#operator || !state.ok) return;
    const known = this.#heard.get(address.terminal);
    if (!known || known.birth !== state.value.birth) return;
    this.#heard.set(address.terminal, { ...known, willMs: state.value.online ? null : this.#clock.monoMs() });
  }

  isOnline(terminal: string): boolean {
    return this.stateOf(terminal) === 'ONLINE';
  }

  stateOf(terminal: string): PresenceState {
    const known = this.#heard.get(terminal);
    if (!known) return 'STALE';
    const now = this.#clock.monoMs();
    if (now - known.heardMs > presenceLimits.staleAfterMs) return 'STALE';
    if (known.willMs !== null && now - known.willMs >= presenceLimits.lostAfterWillMs) return 'LOST';
    return now - known.heardMs <= presenceLimits.onlineForMs ? 'ONLINE' : 'QUIET';
  }
}
