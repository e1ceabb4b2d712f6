// What a terminal weighs after a long day: resident memory of the real process, board and writer thread
// included, and what a scan writes to the disk.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Wallet } from '../../simulators/wallet/wallet.ts';
import { type BusProcess, openBusProcess } from './bus-process.ts';
import { rounded } from './interleave.ts';
import { machineFacts } from './machine.ts';
import type { BenchOptions } from './options.ts';
import { judged, type Target } from './targets.ts';

const defaultScans = 10_000;
/** Rides of one account, as many as one stop visit allows. */
const ridesPerWallet = 4;
/** Wallets in turn: each is away for longer than its presence lasts (3 s) before it comes back. */
const walletsInTurn = 2_000;
const paceMs = 2;

const targets = { rss_mib: { limit: 110, aim: 85 } } as const satisfies Record<string, Target>;

export async function bench({ rounds, say }: BenchOptions): Promise<Record<string, unknown>> {
  const scans = rounds ?? defaultScans;
  const bus = await openBusProcess();
  try {
    for (const fact of machineFacts(bus.folder)) say(fact);
    await bus.terminal.start();
    await bus.serving();
    const before = weigh(bus);
    say(`${scans} scans over the scanner's line, ${paceMs} ms after each answer; the head end connected`);
    const cues = await ride(bus, scans);
    const after = weigh(bus);
    say(`before: ${before.rssMib} MiB resident; after: ${after.rssMib} MiB, at most ${after.peakMib} MiB`);
    say(`answers: ${[...cues].map(([cue, count]) => `${count} ${cue}`).join(', ')}`);
    const figures = {
      rss_mib: after.rssMib,
      peak_mib: after.peakMib,
      start_mib: before.rssMib,
      written_bytes_per_scan: Math.round((after.writtenBytes - before.writtenBytes) / scans),
    };
    say(`written to the disk per scan: ${figures.written_bytes_per_scan} bytes`);
    for (const line of judged(figures, targets, 'MiB')) say(line);
    return { scans, accepted: cues.get('accepted') ?? 0, ...figures };
  } finally {
    await bus.close();
  }
}

async function ride(bus: BusProcess, scans: number): Promise<ReadonlyMap<string, number>> {
  const cues = new Map<string, number>();
  const wallets: { readonly wallet: Wallet; rides: number }[] = [];
  for (let scan = 0; scan < scans; scan++) {
    const place = scan % walletsInTurn;
    const held = wallets[place];
    const rider = held && held.rides < ridesPerWallet ? held : { wallet: bus.wallet(), rides: 0 };
    wallets[place] = rider;
    rider.rides++;
    const cue = await bus.show(rider.wallet);
    cues.set(cue, (cues.get(cue) ?? 0) + 1);
    await setTimeout(paceMs);
  }
  return cues;
}

function weigh(bus: BusProcess): { readonly rssMib: number; readonly peakMib: number; readonly writtenBytes: number } {
  const { pid } = bus.terminal;
  const field = (file: string, name: string): number => {
    const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'));
    if (!found) throw new Error(`/proc says nothing of ${name}`);
    return Number(found[1]);
  };
  const mebibytes = (kibibytes: number): number => rounded(kibibytes / 1024, 1);
  return {
    rssMib: mebibytes(field('status', 'VmRSS')),
    peakMib: mebibytes(field('status', 'VmHWM')),
    writtenBytes: field('io', 'write_bytes'),
  };
}
