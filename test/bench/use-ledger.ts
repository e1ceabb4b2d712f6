// How long a lane takes to find what is used of a ticket among a million of them, as its facts do: one read of the
// journal's projection and its decoding.
import { performance } from 'node:perf_hooks';
import type { Measured } from './interleave.ts';
import { built, loadProduct } from './product.ts';

export const ledgerTickets = 1_000_000;
const perCommit = 2_000;
const lookUps = 20_000;
const issuer = 'museum1';

export async function measureLedger(folder: string, say: (line: string) => void): Promise<Measured> {
  const product = await loadProduct();
  const ledger = await built<typeof import('../../runtime/machines/shared/use-ledger.ts')>(
    'runtime/machines/shared/use-ledger',
  );
  const { GateLaneFactsSource } = await built<typeof import('../../runtime/terminal/gate-lane/facts-source.ts')>(
    'runtime/terminal/gate-lane/facts-source',
  );
  const clock = new product.SystemClock();
  const time = new product.TrustedTime({ clock, floorMs: 0, rtcKeptPower: true });
  const bootId = product.systemEntropy.bytes(16);
  const { journal } = await product.openJournal({
    directory: folder,
    terminal: product.terminalId('lane-1'),
    bootId,
    clock,
    entropy: product.systemEntropy,
    logger: product.silentLogger,
    sizeCapBytes: 1_000 * 1_048_576,
    genesis: () => ({
      type: 'GENESIS',
      payload: { act: 'genesis' },
      moment: time.now(),
      day: new product.BusinessCalendar('UTC').dayOf(clock.wallMs()),
    }),
  });
  const ctiOf = (ticket: number): Uint8Array => {
    const cti = Buffer.alloc(8);
    // Spread over the key space as random ids are.
    cti.writeBigUInt64BE(BigInt.asUintN(64, BigInt(ticket + 1) * 0x9e3779b97f4a7c15n));
    return new Uint8Array(cti);
  };
  const times = { bootId, monoMs: clock.monoMs(), wallMs: clock.wallMs() };
  const used = ledger.useAfter(null, { kind: 'entered', tx: bootId, more: false }, times, 2_000_000_000);
  for (let from = 0; from < ledgerTickets; from += perCommit) {
    const some = Array.from({ length: perCommit }, (_, at) => ledger.useProjection(issuer, ctiOf(from + at), used));
    await journal.commit([], some);
  }
  say(`${ledgerTickets} used tickets are in the ledger`);
  const facts = new GateLaneFactsSource({
    journal,
    documents: { trust: null, deny: null } as never,
    bootId,
    entropy: product.systemEntropy,
    connection: () => ({ online: false, ackedSeq: null }),
    rules: () => null,
    gate: { health: () => ({ state: 'online' }), confirmsOpening: false } as never,
    config: {} as never,
  }).at(time.now());
  const samplesUs: number[] = [];
  for (let at = 0; at < lookUps; at++) {
    const cti = ctiOf(Math.floor(((at * 7_919) % lookUps) * (ledgerTickets / lookUps)));
    const started = performance.now();
    const use = facts.useOf(issuer, cti);
    samplesUs.push((performance.now() - started) * 1_000);
    if (use?.entries !== 1) throw new Error('a used ticket was not found');
  }
  await journal.close();
  return { name: 'used_ticket', samplesUs };
}
