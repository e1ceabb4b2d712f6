// Ends a test run with the list of what was not tried and why. Where peers are required (CI), a skip
// for want of one is a failure: a suite that silently shrinks proves nothing.
import type { Reporter, TestModule } from 'vitest/node';
import { type Missing, type PeerName, remedyOf } from './available.ts';

export interface SkippedFile {
  readonly path: string;
  readonly skipped: number;
  readonly missing: Missing;
}

export interface SkipReport {
  readonly lines: readonly string[];
  /** Why the run fails although no test did; empty where skipping is allowed. */
  readonly failures: readonly string[];
}

/** `required`: a skip whose cause is a missing peer, or no named cause, fails the run. */
export function reportSkips(files: readonly SkippedFile[], required: boolean): SkipReport {
  const skippedFiles = files.filter((file) => file.skipped > 0);
  const byPeer = group(skippedFiles, (file) => file.missing.peers);
  const byDevice = group(skippedFiles, (file) => file.missing.devices);
  const unnamed = skippedFiles.filter((file) => file.missing.peers.length + file.missing.devices.length === 0);
  const peerLines = [...byPeer].map(
    ([name, places]) =>
      `Skipped because this machine lacks ${name} (${remedyOf(name)}): ${places.map(describePlace).join(', ')}`,
  );
  const deviceLines = [...byDevice].map(
    ([variable, places]) =>
      `Skipped because no device is attached (set ${variable}): ${places.map(describePlace).join(', ')}`,
  );
  const unnamedLines = unnamed.map((file) => `Skipped without a named cause: ${describePlace(file)}`);
  return {
    lines: [...peerLines, ...deviceLines, ...unnamedLines],
    failures: required ? [...peerLines, ...unnamedLines] : [],
  };
}

function group<Key extends PeerName | string>(
  files: readonly SkippedFile[],
  keysOf: (file: SkippedFile) => readonly Key[],
): Map<Key, SkippedFile[]> {
  const groups = new Map<Key, SkippedFile[]>();
  for (const file of files) {
    for (const key of keysOf(file)) groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return groups;
}

const describePlace = (file: SkippedFile): string =>
  `${file.skipped} ${file.skipped === 1 ? 'test' : 'tests'} in ${file.path}`;

/** For `reporters` of the vitest configuration, after the one that draws the run. */
export class SkipReporter implements Reporter {
  readonly #required: boolean;

  constructor(required: boolean) {
    this.#required = required;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const { lines, failures } = reportSkips(modules.map(skippedFileOf), this.#required);
    if (lines.length > 0) console.log(`\n${lines.join('\n')}`);
    if (failures.length === 0) return;
    console.error(
      'STILE_REQUIRE_PEERS=1: the skips above count as failures. Install what they name, or run without the flag.',
    );
    process.exitCode = 1;
  }
}

function skippedFileOf(module: TestModule): SkippedFile {
  return {
    path: module.relativeModuleId,
    skipped: [...module.children.allTests('skipped')].length,
    missing: module.meta().missing ?? { peers: [], devices: [] },
  };
}
