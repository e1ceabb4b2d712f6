// `stile headend hold` and `stile headend resume`: an order to the head end that runs on this machine, and what each gate
// lane answered.
import { StileError } from '../../core/errors.ts';
import { readHeadEndConfig } from '../headend/config.ts';
import { giveOrder } from '../headend/order-socket.ts';
import type { LaneAnswer } from '../headend/orders.ts';
import { wholeNumber } from './number.ts';
import { exitCodes } from './report.ts';

export interface LaneOrderOptions {
  readonly config: string;
  readonly site?: string;
  readonly wait?: string;
}

/** @throws StileError LINK_LOST where no head end runs, and what it could not carry out. */
export async function orderLanes(
  kind: 'hold' | 'resume',
  terminals: readonly string[],
  { config, site, wait }: LaneOrderOptions,
): Promise<number> {
  const waitMinutes = wait === undefined ? null : wholeNumber('--wait', wait, 0, 999);
  const { dataFolder } = readHeadEndConfig(config);
  const given = await giveOrder(dataFolder, { kind, terminals, site: site ?? null, waitMinutes });
  if (!given.ok) {
    throw new StileError(given.code === 'NOT_FOUND' ? 'NOT_FOUND' : 'DOCUMENT_REFUSED', given.detail, {
      remedy: 'See the log of the head end; a key "commands" and lanes that have reported are needed.',
    });
  }
  const lanes = given.answer as readonly LaneAnswer[];
  for (const lane of lanes) process.stdout.write(`${JSON.stringify(lane)}\n`);
  return lanes.every(({ state }) => state === 'answered') ? exitCodes.done : exitCodes.fault;
}
