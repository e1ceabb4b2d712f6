// What a birth proves: the true head of a journal, signed for this connection. A head below a known one
// means rows were cut off; another hash at a known position means two histories.
import { type Bytes, equal } from '../../runtime/core/bytes.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import type { Logger } from '../../runtime/core/log.ts';
import { type Birth, birthAuthentic, parseBirth } from '../wire/presence.ts';
import { parseTopic } from '../wire/topics.ts';
import { emptyCursor, type Ingest } from './ingest.ts';
import type { ExchangeMessage } from './ports.ts';
import type { Presence } from './presence.ts';
import type { IngestCursor, IngestStore } from './store/ingest-store.ts';
import { generationOf, type KnownTerminal, type Terminals } from './terminals.ts';

export class Births {
  readonly #options: BirthOptions;

  constructor(options: BirthOptions) {
    this.#options = options;
  }

  /** Any message on a birth topic. Every authentic new birth is answered with an ack. */
  async receive({ topic, payload }: ExchangeMessage): Promise<void> {
    const address = parseTopic(topic);
    const { operator, terminals, log } = this.#options;
    if (address?.to !== 'birth' || address.operator !== operator) return;
    const known = terminals.get(address.terminal);
    const birth = parseBirth(payload);
    if (!known || !birth.ok) return log.warn('birth.unreadable', { terminal: address.terminal });
    if (!birthAuthentic(operator, address.terminal, birth.value, known.key)) {
      return log.warn('birth.not-authentic', { terminal: address.terminal });
    }
    if (isStale(birth.value, known)) return;
    if (isRepeated(birth.value, known)) return this.#answer(address.terminal, birth.value.head.epoch);
    await this.#take(known, birth.value);
  }

  async #take(known: KnownTerminal, birth: Birth): Promise<void> {
    const { store, terminals, presence, ingest, clock } = this.#options;
    const { terminal } = known.record;
    const { epoch, seq, hash } = birth.head;
    if (terminals.epochState(terminal, epoch) === 'refused') return;
    await terminals.save({ ...known.record, lastBirth: birth.birth, lastBirthEpoch: epoch });
    presence.born(terminal, birth.birth);
    const nowMs = clock.wallMs();
    const before = (await store.cursor(terminal, epoch)) ?? emptyCursor(terminal, epoch, nowMs);
    await this.#compare(before, seq, hash);
    const cursor: IngestCursor = {
      ...before,
      advertised: Math.max(before.advertised, seq),
      progressMs: nowMs,
      wantedSinceMs: null,
    };
    await store.saveCursorWatch(cursor);
    ingest.acknowledge(cursor);
  }

  async #answer(terminal: string, epoch: number): Promise<void> {
    const cursor = await this.#options.store.cursor(terminal, epoch);
    if (cursor) this.#options.ingest.acknowledge(cursor);
  }

  async #compare(cursor: IngestCursor, seq: number, hash: Bytes): Promise<void> {
    const { store, clock } = this.#options;
    const { terminal, epoch } = cursor;
    const highest = Math.max(cursor.upto, cursor.advertised, ...cursor.held.map(([, last]) => last));
    const incident = { terminal, epoch, seq: Math.max(0, seq), openedMs: clock.wallMs() } as const;
    if (seq < highest) {
      await store.report({
        ...incident,
        kind: 'truncation',
        detail: `journal ends at ${seq}, rows up to ${highest} are known`,
      });
    }
    const stored = seq >= 0 ? await store.hashAt(terminal, epoch, seq) : null;
    if (stored && !equal(stored, hash)) {
      await store.report({ ...incident, kind: 'fork', detail: 'the signed head differs from the stored row' });
    }
  }
}

interface BirthOptions {
  readonly operator: string;
  readonly store: IngestStore;
  readonly terminals: Terminals;
  readonly presence: Presence;
  readonly ingest: Pick<Ingest, 'acknowledge'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An old birth, kept by a broker, proves nothing. A journal that began again counts from the start, in a later generation. */
function isStale(birth: Birth, { record }: KnownTerminal): boolean {
  if (birth.head.epoch === record.lastBirthEpoch) return birth.birth < record.lastBirth;
  return generationOf(birth.head.epoch) < generationOf(record.lastBirthEpoch);
}

/** Said twice on one connection: answered, but no news about the journal. */
const isRepeated = (birth: Birth, { record }: KnownTerminal): boolean =>
  birth.head.epoch === record.lastBirthEpoch && birth.birth === record.lastBirth;
