// What a street is made of before anything runs: keys, trust list, fares, identity and configurations, as
// files in one folder. The same files a real site would have, made by simulated issuers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Issuer } from '../../../simulators/issuer/issuer.ts';
import type { KeyPair } from '../../../simulators/issuer/key-pair.ts';
import { OperatorKeys } from '../../../simulators/issuer/root.ts';
import { operatorId, secondsOf, terminalId, type UnixSeconds } from '../../core/brand.ts';
import { hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import { createIdentity } from '../../provisioning/identity.ts';
import type { HeadEndKeysFile } from '../headend/config.ts';

export const streetNames = {
  operator: operatorId('demo'),
  terminal: terminalId('bus-1'),
  issuer: 'metro1',
  line: '12',
} as const;

/** Pins of the simulated board, as the terminal's configuration names them. */
export const streetPins = { green: 4, red: 5, amber: 6, white: 7, buzzer: 8 } as const;

export interface Setting {
  readonly folder: string;
  readonly issuer: Issuer;
  /** Signs as well as any, but no trust list names it. */
  readonly foreignIssuer: Issuer;
  readonly terminalConfig: string;
  readonly headEndConfig: string;
  readonly terminalData: string;
  readonly headEndData: string;
  readonly logs: string;
}

export interface SettingOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly scannerPath: string;
  readonly boardPath: string;
  /** Where the terminal connects: the proxy in front of the broker. */
  readonly brokerPort: number;
  readonly headEndPort: number;
}

/** Riders of one account and stop visit: a family of four. */
const groupMax = 4;

export function prepareSetting(options: SettingOptions): Setting {
  const { folder, clock, entropy } = options;
  const files = join(folder, 'setting');
  const [terminalData, headEndData, logs] = [join(folder, 'terminal'), join(folder, 'headend'), join(folder, 'logs')];
  for (const path of [files, terminalData, headEndData, logs]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const now = secondsOf(clock.wallMs());
  const keys = OperatorKeys.create(streetNames.operator);
  const issuer = Issuer.create(streetNames.issuer, entropy);
  const identity = createIdentity(join(files, 'identity.json'), {
    operator: streetNames.operator,
    terminal: streetNames.terminal,
    roots: keys.rootSet,
  });
  writeFileSync(join(files, 'trust.cbor'), keys.trustList([issuer], 1, now));
  writeJson(join(files, 'fares.json'), flatFares(now));
  writeJson(join(files, 'headend-keys.json'), headEndKeys(keys), 0o600);
  const terminalConfig = writeJson(join(files, 'terminal.json'), {
    machine: 'validator',
    identityFile: 'identity.json',
    dataFolder: terminalData,
    scanner: { path: options.scannerPath },
    indicator: { path: options.boardPath, pins: streetPins },
    brokers: [`mqtt://127.0.0.1:${options.brokerPort}`],
    trip: { line: streetNames.line, groupMax },
  });
  const headEndConfig = writeJson(join(files, 'headend.json'), {
    operator: streetNames.operator,
    dataFolder: headEndData,
    keysFile: 'headend-keys.json',
    trustListFile: 'trust.cbor',
    faresFile: 'fares.json',
    port: options.headEndPort,
    roots: {
      gen: 1,
      need: 1,
      keys: keys.rootSet.keys.map(({ kid, publicKey }) => ({ kid: hex(kid), publicKey: hex(publicKey) })),
    },
    terminals: [{ id: streetNames.terminal, journalKey: hex(identity.journalKey.publicKey) }],
  });
  const foreignIssuer = Issuer.create('faraway', entropy);
  return { folder, issuer, foreignIssuer, terminalConfig, headEndConfig, terminalData, headEndData, logs };
}

const flatFares = (now: UnixSeconds) => ({
  version: 1,
  effectiveFrom: now - 86_400,
  effectiveUntil: null,
  notice: '',
  currency: 'EUR',
  serviceDayStart: 270,
  maxFare: 300,
  unknownFare: { policy: 'reject' },
  products: [{ id: 1, companions: true, groupMax: null }],
  lines: [{ id: streetNames.line, tapModel: 'flat', groupMax, prices: [{ product: 1, amount: 250, rule: 'flat-12' }] }],
});

export function headEndKeys(keys: OperatorKeys): HeadEndKeysFile {
  const der = ({ privateKey }: Pick<KeyPair, 'privateKey'>): string =>
    hex(new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })));
  const { deny, fares, receipts, config, commands } = keys.signers;
  return {
    deny: der(deny),
    fares: der(fares),
    receipts: der(receipts),
    config: der(config),
    commands: der(commands),
    sealing: der({ privateKey: keys.sealing }),
  };
}

function writeJson(file: string, content: unknown, mode = 0o644): string {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode });
  return file;
}
