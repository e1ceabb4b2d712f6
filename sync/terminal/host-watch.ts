// Whether anybody at the head end is listening. A broker that is up proves nothing: only a host that says
// "online" does, and while none is, nothing is sent and nothing is wrong.
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { parseHostState } from '../wire/presence.ts';
import { parseTopic } from '../wire/topics.ts';
import type { LinkMessage } from './ports.ts';

export const hostLimits = { hosts: 16, unknownAfterMs: 5_000, window: 4 } as const;

export class HostWatch {
  readonly #clock: Clock;
  readonly #operator: string;
  readonly #changed: (window: number) => void;
  readonly #online = new Map<string, boolean>();
  #waiting: TimerHandle | null = null;

  /** `changed` is told how many batches may be in flight as far as the head end is concerned. */
  constructor(options: { operator: string; clock: Clock; changed: (window: number) => void }) {
    this.#operator = options.operator;
    this.#clock = options.clock;
    this.#changed = options.changed;
  }

  linkUp(): void {
    this.#waiting = this.#clock.timer('hosts.unknown', hostLimits.unknownAfterMs, () => {
      // An older head end may say nothing at all: try carefully.
      if (this.#online.size === 0) this.#changed(1);
    });
  }

  linkDown(): void {
    this.#waiting?.cancel();
    this.#online.clear();
    this.#changed(0);
  }

  receive({ topic, payload }: LinkMessage): void {
    const address = parseTopic(topic);
    const state = parseHostState(payload);
    if (address?.to !== 'host-state' || address.operator !== this.#operator || !state.ok) return;
    if (!this.#online.has(address.host) && this.#online.size >= hostLimits.hosts) return;
    this.#online.set(address.host, state.value.online);
    this.#changed([...this.#online.values()].includes(true) ? hostLimits.window : 0);
  }
}
