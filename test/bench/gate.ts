// How long a visitor waits before the barrier: from the last byte of the code on the reader's line to the first byte of
// the open pulse on the board's line, beside what no lane can do faster. And two parts of it that could grow: finding a
// used ticket among a million, and the signatures of transit codes.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rawFloor } from './floors.ts';
import { openGateProcess } from './gate-process.ts';
import { type Contender, interleave, type Measured, medianRatio, quantile, rounded } from './interleave.ts';
import { lineFloor } from './line-floor.ts';
import { machineFacts } from './machine.ts';
import type { BenchOptions } from './options.ts';
import { judged, type Target } from './targets.ts';
import { transitContenders } from './transit.ts';
import { measureLedger } from './use-ledger.ts';

const paceMs = 2;
const warmUpRounds = 30;
const defaultRounds = 300;

const ratioTargets = {
  p99: { limit: 2 },
  p50_jtt1179_cached: { limit: 8 },
} as const satisfies Record<string, Target>;
const timeTargets = { p50_used_ticket: { limit: 20 } } as const satisfies Record<string, Target>;

export async function bench({ rounds: asked, say }: BenchOptions): Promise<Record<string, unknown>> {
  const rounds = asked ?? defaultRounds;
  const folder = mkdtempSync(join(tmpdir(), 'stile-bench-'));
  const ledgerFolder = join(folder, 'ledger');
  mkdirSync(ledgerFolder);
  try {
    for (const fact of machineFacts(folder)) say(fact);
    const measured = await timeLane(folder, rounds, say);
    const ledger = await measureLedger(ledgerFolder, say);
    return report([...measured, ledger], say);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timeLane(folder: string, rounds: number, say: (line: string) => void): Promise<readonly Measured[]> {
  const gate = await openGateProcess(folder);
  const [raw, line] = [rawFloor(folder), await lineFloor(folder, gate.clock, gate.ticket())];
  let code = gate.ticket();
  const admission: Contender = {
    name: 'gate',
    prepare: async () => {
      await gate.pass();
      code = gate.ticket();
    },
    run: () => gate.admit(code),
  };
  try {
    await gate.admit(code);
    const contenders = [raw, line, admission, ...(await transitContenders())];
    say(`${rounds} rounds after ${warmUpRounds} to warm up, ${contenders.length} contenders in rotating order`);
    return await interleave(contenders, { rounds, warmUpRounds, paceMs });
  } finally {
    await gate.close();
    raw.close();
    line.close();
  }
}

const labels: Readonly<Record<string, string>> = {
  F0: 'F0: verify, 4 KiB write, fdatasync',
  line: 'two lines and a process between them',
  gate: 'code to open pulse, over its lines',
  jtt1179_cached: 'JT/T 1179, phone seen before',
  jtt1179_new_phone: 'JT/T 1179, new phone',
  used_ticket: 'a used ticket among a million',
};

function report(measured: readonly Measured[], say: (line: string) => void): Record<string, unknown> {
  const by = (name: string): Measured => {
    const found = measured.find((one) => one.name === name);
    if (!found) throw new Error(`${name} was not measured`);
    return found;
  };
  say('');
  say(`${'microseconds'.padEnd(38)}${['p50', 'p90', 'p99'].map((head) => head.padStart(8)).join('')}`);
  for (const one of measured) {
    const times = [0.5, 0.9, 0.99].map((share) => rounded(quantile(one.samplesUs, share), 1).toFixed(1).padStart(9));
    say(`${(labels[one.name] ?? one.name).padEnd(38)}${times.join('')}`);
  }
  const p99 = (name: string): number => quantile(by(name).samplesUs, 0.99);
  const ratio = {
    p99: rounded(p99('gate') / (p99('F0') + p99('line'))),
    p50_jtt1179_cached: rounded(medianRatio(by('jtt1179_cached'), by('F0'))),
    p50_jtt1179_new_phone: rounded(medianRatio(by('jtt1179_new_phone'), by('F0'))),
  };
  const ledger = { p50_used_ticket: rounded(quantile(by('used_ticket').samplesUs, 0.5), 1) };
  say('');
  for (const line of judged(ratio, ratioTargets, 'x')) say(line);
  for (const line of judged(ledger, timeTargets, 'us')) say(line);
  const us = measured.flatMap(({ name, samplesUs }) => [
    [`${name}_p50`, Math.round(quantile(samplesUs, 0.5))],
    [`${name}_p99`, Math.round(quantile(samplesUs, 0.99))],
  ]);
  return { ratio, ledger, us: Object.fromEntries(us) };
}
