// The configuration of one terminal, parsed once at the edge into a frozen typed value: what every terminal is told,
// and what its machine is told beside.
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { isEncrypted } from '../../sync/terminal/link/broker-address.ts';
import { cabinetSchema } from './config/cabinet.ts';
import { aGroup } from './config/fields.ts';
import { gateLaneSchema } from './config/gate-lane.ts';
import { parseConfig } from './config/parse.ts';
import { tlsFrom } from './config/shared.ts';
import { validatorSchema } from './config/validator.ts';

const machines = [validatorSchema, gateLaneSchema, cabinetSchema] as const;
const names = machines.map((machine) => machine.shape.machine.value).join(', ');

const terminalSchema = z
  .discriminatedUnion('machine', machines, {
    error: ({ input }) => (typeof input === 'object' && input !== null ? `allowed: ${names}` : aGroup),
  })
  .refine((config) => config.tls !== undefined || !brokersOf(config).some(isEncrypted), {
    path: ['tls'],
    error: 'must name caFile, certificateFile and keyFile, because a broker is mqtts://',
  });
export type TerminalConfig = Readonly<z.infer<typeof terminalSchema>>;

/**
 * Reads a terminal's configuration. Relative paths count from the file's folder.
 * @throws StileError CONFIG_UNREADABLE, CONFIG_INVALID with one line per wrong key.
 */
export function readTerminalConfig(file: string): TerminalConfig {
  const config = parseConfig(file, terminalSchema);
  const from = (relative: string): string => resolve(dirname(file), relative);
  const paths = {
    identityFile: from(config.identityFile),
    dataFolder: from(config.dataFolder),
    ...(config.tls && { tls: tlsFrom(config.tls, from) }),
  };
  if (config.machine === 'validator' || config.site.network === undefined)
    return Object.freeze({ ...config, ...paths });
  const network = { ...config.site.network, keyFile: from(config.site.network.keyFile) };
  return config.machine === 'cabinet'
    ? Object.freeze({ ...config, ...paths, site: { ...config.site, network } })
    : Object.freeze({ ...config, ...paths, site: { ...config.site, network } });
}

const brokersOf = (config: z.infer<(typeof machines)[number]>): readonly string[] => [
  ...config.brokers,
  ...(config.machine === 'validator' ? [] : (config.site.network?.brokers ?? [])),
];
