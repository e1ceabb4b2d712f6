// A process that does nothing but answer: when a code has ended on one line, it writes three bytes on another. What a
// terminal can only add to. Started by line-floor.ts with the two paths.
import { built } from './product.ts';

const [codes = '', answers = ''] = process.argv.slice(2);
const { openLine } = await built<typeof import('../../devices/serial/line.ts')>('devices/serial/line');
const { SystemClock } = await built<typeof import('../../runtime/core/clock.ts')>('runtime/core/clock');
const clock = new SystemClock();
const at = (path: string) => openLine({ path, baudRate: 115_200 }, clock);
const [from, to] = await Promise.all([at(codes), at(answers)]);
const carriageReturn = 0x0d;
/** As long as the message that sets a pin. */
const answer = Uint8Array.of(0x91, 0x02, 0x00);
const heard = (bytes: Uint8Array): void => {
  if (bytes.at(-1) === carriageReturn) to.write(answer);
};
from.listen({ data: heard, lost: () => process.exit(0) });
process.once('disconnect', () => process.exit(0));
process.send?.('ready');
