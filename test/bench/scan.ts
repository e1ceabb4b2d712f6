// How long a decision takes from a whole code to the cue, its commit durable, beside what the machine
// cannot do faster: one signature check and one synchronous write.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Wallet } from '../../simulators/wallet/wallet.ts';
import { type BenchBus, openBenchBus } from './bench-bus.ts';
import { rawFloor, rawVerify, sqliteFloor } from './floors.ts';
import {
  type Contender,
  interleave,
  type Measured,
  medianRatio,
  quantile,
  quantileRatio,
  rounded,
} from './interleave.ts';
import { machineFacts } from './machine.ts';
import type { BenchOptions } from './options.ts';
import type { HolderCurve } from './riders.ts';
import { judged, type Target } from './targets.ts';

const paceMs = 2;
/**
 * Wallets that come back. So many that each has been away for longer than a presence lasts (3 s), and few
 * enough that with the new credentials of the same rounds all stay in the cache of 1,024.
 */
const knownPerCurve = 200;
const awayMs = 3_200;
/** 2,000 decisions, a morning's rides: until then V8 still interprets much of what each runs once. */
const warmUpRounds = 500;

const targets = {
  p50_cached: { limit: 1.8, aim: 1.5 },
  p50_miss_ed25519: { limit: 2.2 },
  p50_miss_p256: { limit: 2.6 },
  p99: { limit: 2.5, aim: 1.5 },
} as const satisfies Record<string, Target>;

const defaultRounds = 600;

export async function bench({ rounds: asked, say }: BenchOptions): Promise<Record<string, unknown>> {
  const rounds = asked ?? defaultRounds;
  const folder = mkdtempSync(join(tmpdir(), 'stile-bench-'));
  const bus = await openBenchBus(folder);
  const [raw, sqlite] = [rawFloor(folder), sqliteFloor(folder)];
  const contenders = [
    raw,
    sqlite,
    rawVerify(),
    await cached('cached', 'Ed25519', bus),
    await cached('cached_p256', 'P-256', bus),
    missed('miss_ed25519', 'Ed25519', bus),
    missed('miss_p256', 'P-256', bus),
  ];
  try {
    for (const fact of machineFacts(folder)) say(fact);
    say(
      `${rounds} rounds after ${warmUpRounds} to warm up, ${contenders.length} contenders in rotating order, ${paceMs} ms apart`,
    );
    const measured = await interleave(contenders, { rounds, warmUpRounds, paceMs });
    return report(measured, say);
  } finally {
    await bus.close();
    raw.close();
    sqlite.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A rider seen before: the credential is in the cache, the account in the journal. */
async function cached(name: string, curve: HolderCurve, bus: BenchBus): Promise<Contender> {
  const known = Array.from({ length: knownPerCurve }, () => ({ wallet: bus.wallet(curve), seenMs: 0 }));
  for (const rider of known) {
    await bus.scan(bus.codeOf(rider.wallet));
    rider.seenMs = performance.now();
  }
  let next = 0;
  return decision(name, bus, async () => {
    const rider = known[next++ % known.length];
    if (!rider) throw new Error('no rider');
    await setTimeout(Math.max(0, awayMs - (performance.now() - rider.seenMs)));
    rider.seenMs = performance.now();
    return rider.wallet;
  });
}

const missed = (name: string, curve: HolderCurve, bus: BenchBus): Contender =>
  decision(name, bus, async () => bus.wallet(curve));

function decision(name: string, bus: BenchBus, walletOf: () => Promise<Wallet>): Contender {
  let code: Bytes = new Uint8Array();
  return {
    name,
    prepare: async () => {
      code = bus.codeOf(await walletOf());
    },
    run: () => bus.scan(code),
  };
}

const labels: Readonly<Record<string, string>> = {
  F0: 'F0: verify, 4 KiB write, fdatasync',
  F1: 'F1: verify, one-row commit, WAL FULL',
  verify: 'one Ed25519 verify of 150 bytes',
  cached: 'known credential, Ed25519 holder',
  cached_p256: 'known credential, P-256 holder',
  miss_ed25519: 'new credential, Ed25519 holder',
  miss_p256: 'new credential, P-256 holder',
};

function report(measured: readonly Measured[], say: (line: string) => void): Record<string, unknown> {
  const by = (name: string): Measured => {
    const found = measured.find((one) => one.name === name);
    if (!found) throw new Error(`${name} was not measured`);
    return found;
  };
  const [floor, sqlite] = [by('F0'), by('F1')];
  say('');
  say(`${'microseconds'.padEnd(38)}${['p50', 'p90', 'p99', 'x F0', 'x F1'].map((head) => head.padStart(8)).join('')}`);
  for (const one of measured) {
    const times = [0.5, 0.9, 0.99].map((share) => String(Math.round(quantile(one.samplesUs, share))));
    const ratios = [floor, sqlite].map((other) => medianRatio(one, other).toFixed(2));
    say(
      `${(labels[one.name] ?? one.name).padEnd(38)}${[...times, ...ratios].map((cell) => cell.padStart(8)).join('')}`,
    );
  }
  const decisions = ['cached', 'cached_p256', 'miss_ed25519', 'miss_p256'];
  const all: Measured = { name: 'decisions', samplesUs: decisions.flatMap((name) => [...by(name).samplesUs]) };
  const ratio = {
    p50_cached: rounded(medianRatio(by('cached'), floor)),
    p50_miss_ed25519: rounded(medianRatio(by('miss_ed25519'), floor)),
    p50_miss_p256: rounded(medianRatio(by('miss_p256'), floor)),
    p99: rounded(quantileRatio(all, floor, 0.99)),
  };
  say('');
  for (const line of judged(ratio, targets, 'x F0')) say(line);
  const us = measured.flatMap(({ name, samplesUs }) => [
    [`${name}_p50`, Math.round(quantile(samplesUs, 0.5))],
    [`${name}_p99`, Math.round(quantile(samplesUs, 0.99))],
  ]);
  return { ratio, us: Object.fromEntries(us) };
}
