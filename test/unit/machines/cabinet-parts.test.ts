// The cabinet's small parts: words on the screen, bytes of its projections, bounds, and times that must fit together.
import { describe, expect, test } from 'vitest';
import { monoMs, wallMs } from '../../../runtime/core/brand.ts';
import { hex } from '../../../runtime/core/bytes.ts';
import { encodeCbor } from '../../../runtime/core/cbor.ts';
import { cabinetBounds, cabinetDefaults } from '../../../runtime/machines/cabinet/config.ts';
import { type CabinetLedger, emptyLedger, foldRow } from '../../../runtime/machines/cabinet/ledger.ts';
import { decodeLedger, ledgerProjections, ledgerSpaces } from '../../../runtime/machines/cabinet/projections.ts';
import { prompts } from '../../../runtime/machines/cabinet/prompts.ts';
import { orderState } from '../../../runtime/machines/cabinet/state.ts';
import { Hall } from '../../scenario/cabinet-hall.ts';

const tx = (n: number): Uint8Array => new Uint8Array(16).fill(n);

describe('the words beside an answer', () => {
  test.each(Object.entries(prompts))('%s fits two lines of the screen', (_, { en, zh }) => {
    expect(en.replace('{slot}', '64').length).toBeLessThanOrEqual(40);
    expect(zh.replace('{slot}', '64').length).toBeLessThanOrEqual(16);
    expect(en.includes('{slot}')).toBe(zh.includes('{slot}'));
  });
});

describe('the times of a cabinet', () => {
  test('leave room for each other', () => {
    const { doorOpenMs, presentBeepMs, presentTimeoutMs, doorWarnMs, doorAlarmMs, unseenMs, custodyMs } =
      cabinetDefaults;
    expect(doorOpenMs).toBeLessThan(presentBeepMs);
    expect(presentBeepMs).toBeLessThan(presentTimeoutMs);
    expect(doorWarnMs).toBeLessThan(doorAlarmMs);
    expect(unseenMs).toBeLessThan(custodyMs);
    expect(cabinetDefaults.qrRotateMs).toBeLessThan(cabinetDefaults.qrLifeMs);
    expect(cabinetDefaults.qrLifeMs).toBeLessThan(cabinetDefaults.nonceUseMs);
    expect(cabinetDefaults.nonceUseMs / cabinetDefaults.qrRotateMs).toBeLessThan(cabinetBounds.nonces);
  });
});

describe('the ledger of a cabinet', () => {
  test('keeps the answers to the newest commands only', () => {
    let ledger: CabinetLedger = emptyLedger;
    for (let n = 0; n <= cabinetBounds.answers; n++) {
      const payload = {
        act: 'order',
        tx: tx(n),
        order: tx(n),
        commandId: tx(n),
        reason: 'NO_STOCK',
        events: [
          ['order', 'Started', 0],
          ['order', 'Ended', 1, 'voided'],
        ],
      } as const;
      ledger = foldRow(ledger, { payload, bootId: tx(0), tMonoMs: monoMs(n), tWallMs: wallMs(n) }).ledger;
    }
    expect(ledger.answers.size).toBe(cabinetBounds.answers);
    expect(ledger.answers.has(hex(tx(0)))).toBe(false);
    expect(ledger.answers.has(hex(tx(1)))).toBe(true);
  });

  test('leaves a slot to whoever reserved it last when an order that lost it ends', () => {
    const rows = [
      { act: 'slot', slot: 1, detail: 'AVAILABLE', item: 'A' },
      { act: 'order', tx: tx(1), slot: 1, item: 'A', events: [['order', 'Started', 0]] },
      { act: 'slot', slot: 1, detail: 'AVAILABLE', item: 'A' },
      { act: 'order', tx: tx(2), slot: 1, item: 'A', events: [['order', 'Started', 0]] },
      { act: 'order', tx: tx(1), events: [['order', 'Ended', 1, 'voided']] },
    ] as const;
    const times = { bootId: tx(0), tMonoMs: monoMs(0), tWallMs: wallMs(0) };
    const ledger = rows.reduce<CabinetLedger>(
      (before, payload) => foldRow(before, { payload, ...times }).ledger,
      emptyLedger,
    );
    expect(ledger.slots.get(1)?.kind).toBe('RESERVED');
    expect([...ledger.orders.keys()]).toEqual([hex(tx(2))]);
  });

  test('writes only what changed, and comes back from its bytes', () => {
    const hall = new Hall('projections');
    hall.show({ name: 'alder', language: 'en' });
    hall.command('o1', hall.scanned());
    hall.put(4, 'E', { wrongWay: true });
    const { ledger } = hall.state;
    const written = ledgerProjections(emptyLedger, ledger);
    const of = (space: string) =>
      written.filter((draft) => draft.space === space).flatMap(({ value }) => (value ? [value] : []));
    const again = decodeLedger({
      orders: of(ledgerSpaces.order),
      slots: of(ledgerSpaces.slot),
      answers: of(ledgerSpaces.answer),
    });
    expect(again).toEqual(ledger);
    expect(ledgerProjections(ledger, { ...ledger })).toEqual([]);
  });

  test.each([
    { name: 'nothing', bytes: new Uint8Array() },
    { name: 'another item', bytes: encodeCbor(7) },
    { name: 'a short array', bytes: encodeCbor([tx(1)]) },
    { name: 'fields of other types', bytes: encodeCbor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) },
    { name: 'a slot of no known kind', bytes: encodeCbor([1, 99, null, null, 0, null, null]) },
  ])('is refused as $name', ({ bytes }) => {
    const fault = expect.objectContaining({ code: 'CBOR_MALFORMED' });
    expect(() => decodeLedger({ orders: [bytes], slots: [], answers: [] })).toThrow(fault);
    expect(() => decodeLedger({ orders: [], slots: [bytes], answers: [] })).toThrow(fault);
    expect(() => decodeLedger({ orders: [], slots: [], answers: [bytes] })).toThrow(fault);
  });
});

test('an open order has the name that staff see', () => {
  const hall = new Hall('names', { canRelatch: false });
  hall.show({ name: 'alder' });
  hall.show({ name: 'birch' });
  const names = [...hall.state.ledger.orders.values()].map((order) => orderState(hall.state, order));
  expect(names).toEqual(['PRESENTED', 'RESERVED']);
});
