// Who may import whom, as docs/architecture.md tells it. Each room has one row; a package has the rooms
// that may load it. test/unit/project/boundaries.test.ts plants a violation of every rule.

const ownCode = '^(runtime|devices|sync|simulators|test)/';
const core = '^runtime/core/';
const records = '^runtime/records/';
const tokens = '^runtime/tokens/';
const fares = '^runtime/fares/';
const rules = '^runtime/rules/';
const machines = '^runtime/machines/';
const store = '^runtime/store/';
const ports = '^devices/ports/';
const wire = '^sync/wire/';
const simulators = '^simulators/';
const lines = ['^devices/serial/', '^devices/hid/', '^devices/board/'];
/** Shared with the simulator of the same device: of a family, or of one vendor in it. */
const protocols = ['^devices/[^/]+/protocol(/|[.]ts$)', '^devices/[^/]+/[^/]+/protocol(/|[.]ts$)'];
const families = ['scanner', 'gate', 'cabinet', 'indicator', 'position'];
const page = '/web/';

/** A room may import itself, `may`, and from `typesOf` types only. */
const rooms = [
  { name: 'core', at: core, may: [] },
  { name: 'records', at: records, may: [core] },
  { name: 'tokens', at: tokens, may: [core] },
  { name: 'fares', at: fares, may: [core] },
  { name: 'rules', at: rules, may: [core, records] },
  { name: 'machines', at: machines, may: [core, records, fares, rules], typesOf: [tokens] },
  { name: 'store', at: store, may: [core, records] },
  { name: 'ports', at: ports, may: [core] },
  { name: 'serial', at: '^devices/serial/', may: [core, ports] },
  { name: 'hid', at: '^devices/hid/', may: [core, ports] },
  { name: 'board', at: '^devices/board/', may: [core, ports, '^devices/serial/'] },
  ...families.map((name) => ({ name, at: `^devices/${name}/`, may: [core, ports, ...lines] })),
  { name: 'wire', at: wire, may: [core, records, tokens] },
  { name: 'sync-terminal', at: '^sync/terminal/', may: [core, records, tokens, wire] },
  { name: 'headend', at: '^sync/headend/', may: [core, records, tokens, fares, wire] },
  {
    name: 'terminal',
    at: '^runtime/terminal/',
    may: [core, records, tokens, fares, rules, machines, store, ports],
  },
  { name: 'kiosk', at: '^runtime/kiosk/', may: [core, records], typesOf: ['^runtime/terminal/'] },
  { name: 'provisioning', at: '^runtime/provisioning/', may: [core, records, tokens, store, wire, ports] },
  {
    name: 'simulators',
    at: simulators,
    may: [core, records, tokens, fares, ports, ...protocols, wire],
  },
];

/** Where each package may be imported; tests may import any. The scan path parses by hand, without zod. */
const packages = {
  '@noble/curves': ['^runtime/tokens/jtt1179/', '^simulators/issuer/'],
  '@peculiar/x509': ['^sync/headend/pki/'],
  '@serialport/.+': ['^devices/serial/'],
  aedes: ['^sync/headend/broker(/|[.]ts$)'],
  'better-sqlite3': [store, '^sync/headend/store(/|[.]ts$)', '^runtime/main/(checker|sabotage)/'],
  cborg: ['^runtime/main/checker(/|[.]ts$)'],
  commander: ['^runtime/main/'],
  fastify: ['^runtime/kiosk/server(/|[.]ts$)', '^sync/headend/console/', '^simulators/street/'],
  'firmata-io': ['^devices/board/'],
  'johnny-five': ['^devices/board/'],
  mqtt: ['^sync/terminal/link(/|[.]ts$)', '^sync/headend/'],
  'mqtt-packet': ['^sync/terminal/link(/|[.]ts$)'],
  'node-hid': ['^devices/hid/'],
  pg: ['^sync/headend/store/'],
  pino: ['^runtime/core/log[.]ts$'],
  preact: [page],
  qr: ['^simulators/street/web/'],
  'qrcode-terminal': ['^runtime/main/'],
  'reflect-metadata': ['^sync/headend/pki/'],
  serialport: ['^devices/serial/'],
  zod: ['^runtime/(?!tokens/|machines/)', '^(devices|sync|simulators)/'],
};

const inPackage = (name) => `(^|/)node_modules/(@types/)?${name}/`;

const roomRules = rooms.flatMap(({ name, at, may, typesOf = [] }) => [
  {
    name: `room-${name}`,
    comment: `${at} may import itself${may.map((path) => `, ${path}`).join('')}`,
    severity: 'error',
    from: { path: at, pathNot: page },
    to: { path: ownCode, pathNot: [at, ...may, ...typesOf] },
  },
  ...typesOf.map((path) => ({
    name: `room-${name}-types-only`,
    comment: `${at} may import types of ${path}, never code`,
    severity: 'error',
    from: { path: at, pathNot: page },
    to: { path, dependencyTypesNot: ['type-only'] },
  })),
]);

const packageRules = Object.entries(packages).map(([name, homes]) => ({
  name: `package-${name.replace('/.+', '')}`,
  comment: `${name} is loaded in ${homes.join(', ')} only`,
  severity: 'error',
  from: { path: ownCode, pathNot: ['^test/', ...homes] },
  to: { path: inPackage(name) },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    ...packageRules,
    {
      name: 'simulators-from-main-only',
      comment: 'only the composition root and tests let real meet simulated',
      severity: 'error',
      from: { path: ownCode, pathNot: ['^runtime/main/', '^test/', simulators] },
      to: { path: simulators },
    },
    {
      name: 'nobody-imports-main',
      comment: 'the composition root is the top; what others need of it belongs in a room below',
      severity: 'error',
      from: { path: ownCode, pathNot: ['^runtime/main/', '^test/'] },
      to: { path: '^runtime/main/' },
    },
    {
      name: 'product-never-imports-test',
      severity: 'error',
      from: { path: '^(runtime|devices|sync|simulators)/' },
      to: { path: '^test/' },
    },
    {
      name: 'page-types-only',
      comment: 'a page knows messages, not code: it is built for a browser and decides nothing',
      severity: 'error',
      from: { path: page },
      to: { path: ownCode, pathNot: page, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'page-from-nowhere',
      comment: 'a page is bundled, never loaded by the process that serves it',
      severity: 'error',
      from: { path: '^(runtime|devices|sync|simulators)/', pathNot: page },
      to: { path: page },
    },
    {
      name: 'checker-stands-alone',
      comment: 'the verdict on a tour must share no code with the path that decided',
      severity: 'error',
      from: { path: '^runtime/main/checker(/|[.]ts$)' },
      to: {
        path: '^(runtime/(tokens|machines|terminal|store|records|fares|rules|provisioning|kiosk)|devices|sync|simulators)/',
        reachable: true,
      },
    },
    {
      name: 'pure-rooms-touch-no-world',
      comment: 'what decides gets everything as an argument; only bytes and hashes come from Node',
      severity: 'error',
      from: { path: [tokens, fares, rules, machines, records] },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer)$' },
    },
    {
      name: 'package-has-a-home',
      comment: 'a package not named in the table above has no room yet: give it one',
      severity: 'error',
      from: { path: '^(runtime|devices|sync|simulators)/' },
      to: { path: '(^|/)node_modules/', pathNot: Object.keys(packages).map(inPackage) },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: ownCode },
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: { path: ownCode },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
