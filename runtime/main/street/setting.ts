// What a street is made of before anything runs: keys, trust list, fares, identity and configurations, as
// files in one folder. The same files a real site would have, made by simulated issuers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Issuer } from '../../../simulators/issuer/issuer.ts';
import type { KeyPair } from '../../../simulators/issuer/key-pair.ts';
import { OperatorKeys } from '../../../simulators/issuer/root.ts';
import { TicketShop } from '../../../simulators/issuer/ticket-shop.ts';
import { secondsOf, type UnixSeconds } from '../../core/brand.ts';
import { hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import { createIdentity } from '../../provisioning/identity.ts';
import type { HeadEndKeysFile } from '../headend/config.ts';
import { type MuseumPlaces, type MuseumSetting, museum, prepareMuseum } from './museum-setting.ts';
import { streetNames, streetPins } from './names.ts';
import { writeJson } from './setting-files.ts';

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
  /** Null for a bus alone. */
  readonly museum: MuseumSetting | null;
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
  /** Left out for a bus alone. */
  readonly museum?: MuseumPlaces;
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
  const museumIssuer = Issuer.create(museum.issuer, entropy);
  const shop = new TicketShop(museum.shop);
  writeFileSync(join(files, 'trust.cbor'), keys.trustList([issuer, museumIssuer, shop], 1, now));
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
  const places = options.museum;
  const ofMuseum = places ? prepareMuseum({ folder, files, keys, issuer: museumIssuer, shop, places }) : null;
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
    terminals: [
      { id: streetNames.terminal, journalKey: hex(identity.journalKey.publicKey) },
      ...(ofMuseum?.terminals ?? []),
    ],
    ...ofMuseum?.headEnd,
  });
  const foreignIssuer = Issuer.create('faraway', entropy);
  const data = { terminalData, headEndData, logs };
  return { folder, issuer, foreignIssuer, terminalConfig, headEndConfig, ...data, museum: ofMuseum };
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
