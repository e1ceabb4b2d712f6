// `stile headend init` and `stile headend device`: what they did, for people or as one JSON line.
import { SystemClock } from '../../core/clock.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { StileError } from '../../core/errors.ts';
import { createLogger } from '../../core/log.ts';
import { addDevice, revokeDevice } from '../headend/devices.ts';
import { type InitOptions, initHeadEnd, type World } from '../headend/init.ts';

export interface InitFlags {
  readonly operator: string;
  readonly host: readonly string[];
  readonly port: string;
  readonly servicePort: string;
  readonly store: InitOptions['store'];
  readonly databaseHost?: string;
  readonly json: boolean;
}

const reload = 'systemctl reload mosquitto';

export async function initCommand(folder: string, flags: InitFlags): Promise<void> {
  const options: InitOptions = {
    operator: flags.operator,
    hosts: flags.host,
    port: portOf('--port', flags.port),
    servicePort: portOf('--service-port', flags.servicePort),
    store: flags.store,
    databaseHost: flags.databaseHost ?? null,
  };
  const files = await initHeadEnd(folder, options, world());
  say(
    flags.json,
    { folder: files.root, broker: files.broker.config, config: files.headEnd.config, roots: files.roots },
    [
      `Made ${files.root}`,
      `  broker/         all that mosquitto reads: chown -R mosquitto ${files.broker.folder}`,
      `                  mosquitto -c ${files.broker.config}`,
      `  headend.json    stile headend run --config ${files.headEnd.config}`,
      '  pki/ca.key      signs certificates: back it up, let nobody read it',
      '  roots.json      signs trust lists: move it to where no network is',
      `Next: stile headend device add ID --dir ${files.root}`,
    ],
  );
}

export async function addDeviceCommand(
  id: string,
  flags: { readonly dir: string; readonly json: boolean },
): Promise<void> {
  const { files, notAfterMs, isNew } = await addDevice(flags.dir, id, world());
  const until = new Date(notAfterMs).toISOString().slice(0, 10);
  say(flags.json, { id, ...files, until, isNew }, [
    `${id}: certificate until ${until}`,
    ...Object.values(files).map((file) => `  ${file}`),
    'Move these files to the machine, and name them as identityFile and tls in its configuration.',
    ...(isNew ? ['Start the head end again, so that it knows this terminal.'] : []),
  ]);
}

export async function revokeDeviceCommand(
  id: string,
  flags: { readonly dir: string; readonly json: boolean },
): Promise<void> {
  const revoked = await revokeDevice(flags.dir, id, world());
  say(flags.json, { id, serials: revoked.map(({ serial }) => serial) }, [
    `${id}: ${revoked.length} certificate${revoked.length === 1 ? '' : 's'} revoked`,
    `In force for new connections after: ${reload}`,
    'A connection that is open stays open: restart the broker to end it now.',
  ]);
}

const world = (): World => ({ clock: new SystemClock(), entropy: systemEntropy, log: createLogger('warn') });

function say(json: boolean, fields: object, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(fields)}\n` : `${lines.join('\n')}\n`);
}

function portOf(flag: string, text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new StileError('USAGE', `${flag} is ${JSON.stringify(text)}`, { remedy: 'Name a port from 1 to 65535.' });
}
