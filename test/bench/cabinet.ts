// How long a visitor waits for the latch: from the last byte of a loan code on the reader's line to the first byte of
// the unlock on the lock board's line, its INTENT durable, beside one signature check with one synchronous write, and
// beside the same two lines with nothing decided between them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { uniform } from '../../runtime/core/entropy.ts';
import { itemNamed } from '../../simulators/cabinet/slot.ts';
import { CabinetRig } from '../fixtures/cabinet-rig.ts';
import { openBareLines } from './bare-lines.ts';
import { rawFloor } from './floors.ts';
import { type Contender, interleave, type Measured, quantile, rounded } from './interleave.ts';
import { machineFacts } from './machine.ts';
import type { BenchOptions } from './options.ts';
import { built } from './product.ts';
import { judged, type Target } from './targets.ts';

const defaultRounds = 200;
const warmUpRounds = 10;
const paceMs = 2;
/** The lock board is asked every second: a code comes anywhere between two polls, when what came before is settled. */
const pollRoundMs = 1_000;

const targets = { p99: { limit: 2 } } as const satisfies Record<string, Target>;

export async function bench({ rounds: asked, say }: BenchOptions): Promise<Record<string, unknown>> {
  const rounds = asked ?? defaultRounds;
  const folder = mkdtempSync(join(tmpdir(), 'stile-bench-'));
  const { StreetProcess } = await built<typeof import('../../runtime/main/street/child-process.ts')>(
    'runtime/main/street/child-process',
  );
  const { systemEntropy } = await built<typeof import('../../runtime/core/entropy.ts')>('runtime/core/entropy');
  const anyMoment = (): Promise<void> => setTimeout((1 + uniform(systemEntropy)) * pollRoundMs);
  const hall = await CabinetRig.open({
    lending: { takeWithinMs: 60_000 },
    processOf: (options) => new StreetProcess(options),
  });
  const floor = rawFloor(folder);
  const lines = await openBareLines(folder, anyMoment, hall.loanCode());
  try {
    await hall.startServing();
    // The head end would share this process, and its work the measured time; the cabinet does not need it.
    await hall.stopHeadEnd();
    for (const fact of machineFacts(folder)) say(fact);
    say(`${rounds} rounds after ${warmUpRounds} to warm up, 3 contenders in rotating order`);
    const contenders = [floor, lines, cabinetOf(hall, anyMoment)];
    return report(await interleave(contenders, { rounds, warmUpRounds, paceMs }), say);
  } finally {
    await lines.close();
    await hall.close();
    floor.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The real process: before each code the guide of the one before is taken, and stands in its slot again. */
function cabinetOf(hall: CabinetRig, anyMoment: () => Promise<void>): Contender {
  let code = '';
  let offered = false;
  return {
    name: 'cabinet',
    prepare: async () => {
      if (offered) {
        const { slot, item } = await hall.takeOffered();
        await hall.prompted('taken');
        hall.cabinet.load(slot, itemNamed(item));
        await hall.prompted('returned');
      }
      code = hall.loanCode();
      await anyMoment();
    },
    run: async () => {
      const unlocked = hall.cabinet.unlocked.next(() => true);
      void hall.scanner.show(code);
      await unlocked;
      offered = true;
    },
  };
}

function report(measured: readonly Measured[], say: (line: string) => void): Record<string, unknown> {
  const us = Object.fromEntries(
    measured.flatMap(({ name, samplesUs }) =>
      ([50, 90, 99] as const).map((share) => [`${name}_p${share}`, Math.round(quantile(samplesUs, share / 100))]),
    ),
  );
  const of = (key: string): number => us[key] ?? Number.NaN;
  say('');
  say(`${'microseconds'.padEnd(48)}${['p50', 'p90', 'p99'].map((head) => head.padStart(9)).join('')}`);
  for (const [name, label] of Object.entries(labels))
    say(`${label.padEnd(48)}${[50, 90, 99].map((share) => String(of(`${name}_p${share}`)).padStart(9)).join('')}`);
  const ratio = { p99: rounded(of('cabinet_p99') / (of('F0_p99') + of('line_p99'))) };
  say('');
  for (const line of judged(ratio, targets, 'x (F0 + line)')) say(line);
  return { ratio, us };
}

const labels = {
  F0: 'F0: verify, 4 KiB write, fdatasync',
  line: 'both lines and drivers, nothing decided',
  cabinet: 'cabinet: code to unlock, INTENT durable',
};
