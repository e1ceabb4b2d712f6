// A guide cabinet of the museum: its terminal, and slots, doors and guides at the far end of its lines.
import { SimulatedCabinet } from '../../../simulators/cabinet/simulated-cabinet.ts';
import { itemNamed } from '../../../simulators/cabinet/slot.ts';
import { traceSlots } from './act-trace.ts';
import { monotonicUs } from './awaited.ts';
import type { ChildMessage } from './child-process.ts';
import { LineTrace } from './line-trace.ts';
import type { PartOptions } from './museum-lane.ts';
import { MuseumMachine } from './museum-machine.ts';
import { type CabinetId, museum } from './museum-setting.ts';

export const cabinetDevices = ['scanner', 'board', 'locks', 'tags', 'charge'] as const;

export interface Prompt {
  readonly prompt: string;
  readonly slot: number | null;
}

export class MuseumCabinet extends MuseumMachine {
  readonly cabinet: SimulatedCabinet;
  readonly prompts: Prompt[] = [];
  readonly #trace: LineTrace;
  #address: string | null = null;
  #heardUpto = 0;

  constructor({ id, setting, ...shared }: PartOptions<CabinetId>) {
    const { clock } = shared;
    super({
      ...shared,
      config: setting.configs[id],
      dataFolder: setting.data[id],
      relays: {},
      devices: ['indicator', 'scanner', 'cabinet'],
    });
    const [locks, tags, charge] = [this.line('locks'), this.line('tags'), this.line('charge')];
    // The trace listens first: it holds the bytes when the lock board obeys them.
    const trace = new LineTrace(this.file('board'), this.sight);
    this.#trace = trace;
    locks.data.on((bytes) => trace.heard(monotonicUs(), bytes));
    this.cabinet = new SimulatedCabinet({
      slots: museum.slots,
      lines: { locks, tags, charge },
      clock,
      nowUs: monotonicUs,
    });
    this.cabinet.unlocked.on(({ slot }) => {
      trace.moved(`lock ${slot}`, 1);
      trace.look();
    });
    for (const [index, serial] of museum.stock[id].entries()) this.cabinet.load(index + 1, itemNamed(serial));
    traceSlots(this.file('slots'), this.cabinet, monotonicUs);
  }

  /** Address behind the code on the screen; null while the screen shows none. */
  get address(): string | null {
    return this.#address;
  }

  /** Resolves when every guide that is in may be lent. */
  async serves(): Promise<void> {
    await this.until(`${this.id} to hold its rules and a deny list`, () =>
      ['rules', 'deny'].every((act) => this.sight.acts().has(act)),
    );
    for (const { slot, item } of this.cabinet.slots()) {
      if (item) await this.until(`slot ${slot} of ${this.id}`, () => this.slotKind(slot) === 'AVAILABLE');
    }
    this.#heardUpto = this.prompts.length;
  }

  /** What the journal last said of a slot in a row of its own. */
  slotKind(slot: number): string | undefined {
    const rows = this.sight.rows().filter(({ payload }) => payload.act === 'slot' && payload.slot === slot);
    return rows.at(-1)?.payload.detail;
  }

  press(key: 'return' | 'openAgain'): void {
    this.terminal.send({ kind: 'key', key });
  }

  /** The next prompt of that name behind the last one that was waited for; resolves with the slot it names. */
  async prompted(prompt: string): Promise<number> {
    const next = (): number => this.prompts.findIndex((said, at) => at >= this.#heardUpto && said.prompt === prompt);
    await this.until(`${this.id} to say ${prompt}`, () => next() >= 0);
    const at = next();
    this.#heardUpto = at + 1;
    return this.prompts[at]?.slot ?? 0;
  }

  override async close(): Promise<void> {
    await super.close();
    await this.cabinet.close();
    this.#trace.flush();
  }

  protected override heard(message: ChildMessage): void {
    super.heard(message);
    if (message.kind === 'code') this.#address = String(message['address']);
    if (message.kind === 'noCode') this.#address = null;
    if (message.kind !== 'prompt') return;
    const slot = message['slot'];
    this.prompts.push({ prompt: String(message['prompt']), slot: typeof slot === 'number' ? slot : null });
  }
}
