// What two lines and a process between them cost, whatever it decides: the last byte of a code on one, the first byte
// of an answer on the other.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../runtime/core/clock.ts';
import type { Floor } from './floors.ts';
import { built } from './product.ts';

/** `code` is a frame as the reader sends it, its suffix included. */
export async function lineFloor(folder: string, clock: Clock, code: Uint8Array): Promise<Floor> {
  const { createLine } = await built<typeof import('../../simulators/line/line.ts')>('simulators/line/line');
  const line = (name: string) => createLine({ kind: 'auto', folder, name, clock });
  const [codes, answers] = await Promise.all([line('ttyFLOORCODES'), line('ttyFLOORANSWERS')]);
  const script = fileURLToPath(new URL('./line-echo.ts', import.meta.url));
  const echo = fork(script, [codes.path, answers.path], { execArgv: ['--import', 'tsx'] });
  await new Promise((resolve, reject) => {
    echo.once('message', resolve);
    echo.once('exit', (status) => reject(new Error(`the echo ended with ${status}`)));
  });
  return {
    name: 'line',
    run: async () => {
      const answered = answers.data.next();
      codes.write(code);
      await answered;
    },
    close: () => {
      echo.disconnect();
      void codes.close();
      void answers.close();
    },
  };
}
