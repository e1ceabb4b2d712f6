// What mosquitto is told: who may connect, and what each may say and hear. Pure texts, so that a test can read them; the
// same topics as the embedded broker allows (access.ts).
import { documentNames, lanes, operations, operatorTopics, terminalTopics } from '../../wire/topics.ts';

export interface MosquittoOptions {
  readonly operator: string;
  /** Folder of the files below, as the broker finds it. */
  readonly folder: string;
  /** Common name of the head end's certificate. */
  readonly service: string;
  readonly host: string;
  readonly port: number;
  /** For the head end: on this machine, where several workers may share one certificate. */
  readonly servicePort: number;
}

export const mosquittoFiles = {
  config: 'mosquitto.conf',
  access: 'access.acl',
  authority: 'ca.pem',
  certificate: 'server.pem',
  key: 'server.key',
  revoked: 'revoked.pem',
} as const;

export function mosquittoConfig({ folder, host, port, servicePort }: MosquittoOptions): string {
  const file = (name: keyof typeof mosquittoFiles): string => `${folder}/${mosquittoFiles[name]}`;
  const listener = (address: string, on: number): readonly string[] => [
    `listener ${on} ${address}`,
    `cafile ${file('authority')}`,
    `certfile ${file('certificate')}`,
    `keyfile ${file('key')}`,
    `crlfile ${file('revoked')}`,
    'tls_version tlsv1.2',
    'require_certificate true',
    'use_identity_as_username true',
  ];
  return text([
    '# Made by `stile headend init`. After a change of revoked.pem: systemctl reload mosquitto.',
    'per_listener_settings false',
    'allow_anonymous false',
    `acl_file ${file('access')}`,
    '',
    "# Messages under way are not the broker's to keep: terminals send again what nobody acknowledged.",
    'persistence false',
    'max_inflight_messages 0',
    'max_queued_messages 0',
    'max_queued_bytes 268435456',
    'max_packet_size 262144',
    'set_tcp_nodelay true',
    '',
    '# Terminals. The name in the certificate is the name on the connection, so that none can take the place of another.',
    ...listener(host, port),
    'use_username_as_clientid true',
    '',
    '# The head end and its workers, from this machine.',
    ...listener('127.0.0.1', servicePort),
  ]);
}

/** `pattern` holds for everybody, with the name of the certificate for %u; `topic` for the user above it alone. */
export function mosquittoAccess({ operator, service }: MosquittoOptions): string {
  const own = terminalTopics(operator, '%u');
  const all = operatorTopics(operator);
  const base = `stile/1/${operator}`;
  const says = [own.state, own.birth, ...lanes.map(own.tx), ...operations.map(own.request)];
  const claims = [`${base}/site/+/claim/%u`, `${base}/site/+/answer/%u`];
  const hears = [own.ack, own.command, ...operations.map(own.response)];
  const broadcasts = [all.trust, all.denyHead, ...documentNames.map(all.documentHead), all.anyHostState];
  const site = [`${base}/site/+/claim/+`, `${base}/site/+/answer/+`];
  return text([
    '# Made by `stile headend init`. Who is not named here may do nothing.',
    ...[...says, ...claims].map((topic) => `pattern write ${topic}`),
    ...[...hears, ...broadcasts, ...site].map((topic) => `pattern read ${topic}`),
    '',
    `user ${service}`,
    `topic readwrite ${base}/#`,
  ]);
}

const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
