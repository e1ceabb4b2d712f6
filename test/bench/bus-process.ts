// A real `stile run` process to be weighed: the built command on simulated board and scanner lines, with a
// real head end process behind it. Codes pass at memory speed, so that thousands take seconds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { UnixSeconds } from '../../runtime/core/brand.ts';
import type { StreetProcess } from '../../runtime/main/street/child-process.ts';
import { freePort } from '../../runtime/main/street/free-port.ts';
import type { Wallet } from '../../simulators/wallet/wallet.ts';
import { built, loadProduct } from './product.ts';
import { makeRiders } from './riders.ts';

const waitMs = 30_000;
const attemptMs = 250;

export interface BusProcess {
  readonly terminal: StreetProcess;
  readonly folder: string;
  wallet(): Wallet;
  /** Shows the wallet's next code on the scanner's line; resolves with the cue the terminal gave, or `none`. */
  show(wallet: Wallet): Promise<string>;
  /** Resolves when codes are accepted: documents fetched, trip open, board driven. */
  serving(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the head end; the terminal is started by whoever measures it. */
export async function openBusProcess(): Promise<BusProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'stile-bench-'));
  const product = await loadProduct();
  const { prepareSetting } =
    await built<typeof import('../../runtime/main/street/setting.ts')>('runtime/main/street/setting');
  const { StreetProcess } = await built<typeof import('../../runtime/main/street/child-process.ts')>(
    'runtime/main/street/child-process',
  );
  const { createLine } = await built<typeof import('../../simulators/line/line.ts')>('simulators/line/line');
  const { SimulatedBoard } = await built<typeof import('../../simulators/board/simulated-board.ts')>(
    'simulators/board/simulated-board',
  );
  const { SimulatedScanner } = await built<typeof import('../../simulators/scanner/simulated-scanner.ts')>(
    'simulators/scanner/simulated-scanner',
  );
  const clock = new product.SystemClock();
  const scannerLine = await createLine({ kind: 'auto', folder, name: 'ttySCANNER', clock });
  const boardLine = await createLine({ kind: 'auto', folder, name: 'ttyBOARD', clock });
  const port = await freePort();
  const setting = prepareSetting({
    folder,
    clock,
    entropy: product.systemEntropy,
    scannerPath: scannerLine.path,
    boardPath: boardLine.path,
    brokerPort: port,
    headEndPort: port,
  });
  const scanner = new SimulatedScanner({ line: scannerLine, clock });
  const board = new SimulatedBoard({ line: boardLine, clock, nowUs: () => clock.monoUs() });
  const processOf = (name: string, args: readonly string[]) =>
    new StreetProcess({ name, args, logFile: join(setting.logs, `${name}.log`) });
  const terminal = processOf('terminal', ['run', '--config', setting.terminalConfig]);
  const headEnd = processOf('headend', ['headend', 'run', '--config', setting.headEndConfig]);
  await headEnd.start();
  const now = (): UnixSeconds => product.secondsOf(clock.wallMs());
  const rider = await makeRiders(product, setting.issuer, (now() - 3_600) as UnixSeconds);
  const wallet = (): Wallet => rider('P-256');
  const show = async (shown: Wallet, withinMs = waitMs): Promise<string> => {
    const answered = terminal.messages.next((message) => message.kind === 'shown');
    await scanner.show(shown.freshCode(now()));
    const late = setTimeout(withinMs, null, { ref: false });
    const answer = await Promise.race([answered, late]);
    return answer ? String(answer['cue']) : 'none';
  };
  return {
    terminal,
    folder,
    wallet,
    show,
    serving: async () => {
      const deadline = performance.now() + waitMs;
      // What is typed before the terminal has opened the line is lost, as with a real reader.
      while ((await show(wallet(), attemptMs)) !== 'accepted') {
        if (performance.now() > deadline) throw new Error('the terminal accepts no code');
        await setTimeout(attemptMs);
      }
    },
    close: async () => {
      await terminal.end('SIGTERM');
      await headEnd.end('SIGTERM');
      await board.close();
      await scannerLine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
