// johnny-five and firmata-io, loaded only where a board is configured: they take 85-300 ms and some megabytes. Of
// johnny-five only the two parts in use: its index also loads servos, displays and some forty more, four megabytes
// of them.
import { messageOf, StileError } from '../../runtime/core/errors.ts';

export type Libraries = Awaited<ReturnType<typeof importBoth>>;

/** @throws StileError NATIVE_PACKAGE_MISSING. */
export async function loadLibraries(): Promise<Libraries> {
  try {
    return await importBoth();
  } catch (cause) {
    throw new StileError('NATIVE_PACKAGE_MISSING', `johnny-five or firmata-io cannot be loaded: ${messageOf(cause)}`, {
      remedy: 'Run npm ci in the installation folder.',
      cause,
    });
  }
}

async function importBoth() {
  const [{ default: Board }, { default: Relay }, { default: firmata }] = await Promise.all([
    import('johnny-five/lib/board.js'),
    import('johnny-five/lib/relay.js'),
    import('firmata-io'),
  ]);
  return { five: { Board, Relay }, Firmata: firmata.Firmata };
}
