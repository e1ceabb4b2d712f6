// `stile headend run`: the head end in one process. A parent that started it may have accounts
// denied and pardoned over the process channel.
import { messageOf, StileError } from '../../core/errors.ts';
import { type ChildOrder, onEnd, onParentOrder, tellParent } from '../child-channel.ts';
import { composeHeadEnd } from '../headend/compose.ts';
import { readHeadEndConfig } from '../headend/config.ts';
import { parseStoreSabotage, sabotageStore } from '../sabotage/sabotaged-store.ts';

/** @throws StileError for a configuration, key, list or port that does not allow a start. */
export async function headEndCommand(file: string, written: string, sabotage?: string): Promise<void> {
  const workers = workersOf(written);
  const config = readHeadEndConfig(file);
  const running = await composeHeadEnd(config, workers, async (database) => {
    if (sabotage) await sabotageStore(database, parseStoreSabotage(sabotage));
  });
  onEnd(() => void running.stop().finally(() => process.exit(0)));
  onParentOrder((order) => {
    obey(order).then(
      () => tellParent({ kind: 'done', id: order['id'] }),
      (error: unknown) => tellParent({ kind: 'failed', id: order['id'], detail: messageOf(error) }),
    );
  });
  tellParent({ kind: 'ready', port: running.port, pagePort: running.pagePort });

  async function obey(order: ChildOrder): Promise<void> {
    const [issuer, account] = [String(order['issuer']), String(order['account'])];
    if (order.kind === 'deny') await running.deny(issuer, account);
    else if (order.kind === 'pardon') await running.pardon(issuer, account);
  }
}

function workersOf(written: string): number {
  if (/^([0-9]|1[0-6])$/.test(written)) return Number(written);
  throw new StileError('USAGE', `--workers is ${JSON.stringify(written)}`, { remedy: 'Name 0 to 16 workers.' });
}
