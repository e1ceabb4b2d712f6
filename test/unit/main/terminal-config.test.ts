// A technician with a wrong configuration file reads the key, what stands there, and what may stand there; nothing of
// how the software is built.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { StileError } from '../../../runtime/core/errors.ts';
import { readTerminalConfig } from '../../../runtime/main/config.ts';
import { formatsOf } from '../../../runtime/main/terminal/formats.ts';

const folder = mkdtempSync(join(tmpdir(), 'stile-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const good = {
  machine: 'validator',
  identityFile: 'identity.json',
  dataFolder: 'data',
  scanner: { path: '/dev/scanner' },
  indicator: { path: '/dev/board' },
  brokers: ['mqtt://127.0.0.1:1883'],
  trip: { line: '12' },
};

/** Key in error, the value that stands there (undefined: the key is left out), what the message says of both. */
const wrong: readonly (readonly [key: string, value: unknown, shown: string, allowed: string])[] = [
  ['machine', 'ferry', '"ferry"', 'allowed: validator, gate-lane, cabinet'],
  ['machine', undefined, 'missing', 'allowed: validator, gate-lane, cabinet'],
  ['identityFile', undefined, 'missing', 'a text of 1 to 4096 characters'],
  ['identityFile', '', '""', 'a text of 1 to 4096 characters'],
  ['dataFolder', 7, '7', 'a text of 1 to 4096 characters'],
  ['timeZone', 'Mars/Olympus', '"Mars/Olympus"', 'an IANA time zone such as Europe/Berlin'],
  ['timeZone', 5, '5', 'an IANA time zone such as Europe/Berlin'],
  ['serviceDayStart', '24:00', '"24:00"', 'HH:MM'],
  ['serviceDayStart', 430, '430', 'HH:MM'],
  ['rtcKeepsPower', 'yes', '"yes"', 'true or false'],
  ['bootId', 'abc', '"abc"', '32 hexadecimal digits'],
  ['scanner', undefined, 'missing', 'an object'],
  ['scanner', 'COM3', '"COM3"', 'an object'],
  ['scanner.kind', 'usb', '"usb"', 'allowed: serial, hid'],
  ['scanner', { kind: 'hid' }, '{"kind":"hid"}', 'either path, or vendorId and productId'],
  ['scanner', { kind: 'hid', vendorId: '1eab' }, '{"kind":"hid"', 'either path, or vendorId and productId'],
  ['scanner', { kind: 'hid', path: '/dev/hidraw0', productId: '0001' }, '{"kind"', 'either path, or vendorId and'],
  ['scanner.path', undefined, 'missing', 'a text of 1 to 4096 characters'],
  ['scanner.baudRate', 300, '300', 'a whole number from 9600 to 921600'],
  ['scanner.baudRate', 1_000_000, '1000000', 'a whole number from 9600 to 921600'],
  ['scanner.baudRate', '9600', '"9600"', 'a whole number from 9600 to 921600'],
  ['scanner.baudRate', 9_600.5, '9600.5', 'a whole number from 9600 to 921600'],
  ['scanner.suffix', 'TAB', '"TAB"', 'allowed: CR, LF, CRLF'],
  ['scanner.prefix', 'ninechars', '"ninechars"', 'a text of 0 to 8 characters'],
  ['scanner.aimIdentifier', 1, '1', 'true or false'],
  ['indicator', null, 'null', 'an object'],
  ['indicator.path', '', '""', 'a text of 1 to 4096 characters'],
  ['indicator.baudRate', 0, '0', 'a whole number from 9600 to 921600'],
  ['indicator.reportVersionTimeoutMs', 6_000, '6000', 'a whole number from 1 to 5000'],
  [
    'indicator.pins',
    { green: 4, red: 4, amber: 6, white: 7, buzzer: 8 },
    '{"green":4,"red":4',
    'each pin may be used once',
  ],
  ['indicator.pins.green', 1, '1', 'a whole number from 2 to 19'],
  ['indicator.pins.buzzer', 20, '20', 'a whole number from 2 to 19'],
  ['brokers', undefined, 'missing', 'a list of 1 to 8 addresses'],
  ['brokers', [], '[]', 'a list of 1 to 8 addresses'],
  ['brokers', Array(9).fill('mqtt://127.0.0.1'), '["mqtt://127.0.0.1"', 'a list of 1 to 8 addresses'],
  ['brokers.0', 'http://127.0.0.1', '"http://127.0.0.1"', 'mqtt://HOST:PORT'],
  ['brokers.0', 'mqtt://192.0.2.1', '"mqtt://192.0.2.1"', 'a loopback address'],
  ['brokers.0', 1883, '1883', 'mqtts://HOST:PORT'],
  ['trip', undefined, 'missing', 'an object'],
  ['trip.line', 'a line', '"a line"', '1 to 16 of A-Z a-z 0-9 . _ -'],
  ['trip.line', undefined, 'missing', '1 to 16 of A-Z a-z 0-9 . _ -'],
  ['trip.groupMax', 10, '10', 'a whole number from 1 to 9'],
  ['journal.sizeCapMebibytes', 4, '4', 'a whole number from 8 to 4096'],
  ['log.level', 'loud', '"loud"', 'allowed: debug, info, warn, error, silent'],
];

const wrongHid: readonly (readonly [key: string, value: unknown, allowed: string])[] = [
  ['vendorId', '1eabf', '4 hexadecimal digits'],
  ['vendorId', 7851, '4 hexadecimal digits'],
  ['serialNumber', '', 'a text of 1 to 126 characters'],
  ['profile', 'zebra', 'allowed: auto, standard, newland, microscan'],
];

describe('a broker elsewhere', () => {
  const tls = { caFile: 'ca.pem', certificateFile: '/etc/tls.pem', keyFile: '/etc/tls.key' };
  const far = changed('brokers', ['mqtts://broker.example:8883']);

  it('needs the certificates that its connection is made with', () => {
    expect(faultOf(JSON.stringify(far)).message).toContain(': tls is missing; must name caFile, certificateFile and');
    expect(faultOf(JSON.stringify(Object.assign({}, far, { tls: { ...tls, keyFile: undefined } }))).message).toContain(
      'tls.keyFile',
    );
  });
});

describe('a wrong key', () => {
  it.each(wrong)('%s: %j is shown as %s and must be %s', (key, value, shown, allowed) => {
    const fault = faultOf(JSON.stringify(changed(key, value)));
    expect(fault.code).toBe('CONFIG_INVALID');
    expect(fault.message).toContain(`: ${key} is ${shown}`);
    expect(fault.message).toContain(allowed);
    expect(fault.message.split('\n')).toHaveLength(1);
    expect(fault.remedy).toContain('docs/configuration.md');
  });

  it.each(wrongHid)('scanner.%s of a HID reader: %j must be %s', (key, value, allowed) => {
    const scanner = { kind: 'hid', vendorId: '1eab', productId: '0c06', [key]: value };
    const fault = faultOf(JSON.stringify({ ...good, scanner }));
    expect(fault.message).toContain(`: scanner.${key} is ${JSON.stringify(value)}`);
    expect(fault.message).toContain(allowed);
  });

  it('that belongs to the other kind of reader is unknown', () => {
    const scanner = { kind: 'hid', path: '/dev/hidraw0', baudRate: 9_600 };
    expect(faultOf(JSON.stringify({ ...good, scanner })).message).toContain('unknown key scanner.baudRate');
  });

  it('that nobody knows is named where it stands', () => {
    expect(faultOf(JSON.stringify(changed('scanner.baudrate', 9_600))).message).toContain(
      'unknown key scanner.baudrate',
    );
  });

  it('does not hide the next one: a line for each', () => {
    const config = { ...good, timeZone: 5, trip: { line: '' }, colour: 'red' };
    expect(faultOf(JSON.stringify(config)).message.split('\n')).toHaveLength(3);
  });

  it('with a very long value is shown cut', () => {
    const [line = ''] = faultOf(JSON.stringify(changed('trip.line', 'x'.repeat(100_000)))).message.split('\n');
    expect(line.length).toBeLessThan(400);
  });
});

const goodCabinet = {
  ...good,
  machine: 'cabinet',
  trip: undefined,
  cabinet: { locks: { path: '/dev/locks' }, tags: { path: '/dev/tags' }, charge: { path: '/dev/charge' } },
  site: { number: 9, place: 'hall-a', cabinets: ['hall-a', 'hall-b'] },
  items: [{ serial: 'G-0042', languages: ['en'] }],
};

const twice = { serial: 'A', languages: ['en'] };
const wrongCabinet: readonly (readonly [key: string, value: unknown, shown: string, allowed: string])[] = [
  ['cabinet', undefined, 'missing', 'an object'],
  ['cabinet.tags', undefined, 'missing', 'an object'],
  ['cabinet.charge.path', '', '""', 'a text of 1 to 4096 characters'],
  ['cabinet.board', 16, '16', 'a whole number from 0 to 15'],
  ['cabinet.slots', 17, '17', 'a whole number from 1 to 16'],
  ['cabinet.locks.baudRate', 300, '300', 'a whole number from 1200 to 921600'],
  ['site.number', -1, '-1', 'a whole number from 0 to 65535'],
  ['site', { number: 9, place: 'hall-c', cabinets: ['hall-a'] }, '{"number":9', 'must list its own place'],
  ['site.cabinets', ['hall-a', 'hall-a'], '["hall-a","hall-a"]', 'each cabinet may be named once'],
  ['site.closesAt', '25:00', '"25:00"', 'HH:MM'],
  ['products', [{ product: 1 }, { product: 1 }], '[{"product":1}', 'each product may be named once'],
  ['items', [], '[]', 'a list of 1 to 5000 items of the fleet'],
  ['items', [twice, twice], '[{"serial"', 'each serial may be named once'],
  ['site.claimTimeoutMs', 10, '10', 'a whole number from 50 to 2000'],
  ['lending.hygiene', 'device', '"device"', 'allowed: none, staff'],
  ['lending.takeWithinMs', 1_000, '1000', 'a whole number from 5000 to 120000'],
  ['lending.page', 'http://guides.example/borrow', '"http://guides.example/borrow"', 'must be https://NAME/PATH'],
  ['lending.page', 'https://guides.example/borrow?t=1', '"https://guides.example', 'without a query'],
  ['lending.duplicates', 'never', '"never"', 'allowed: lenient, strict'],
];

const wrongItems: readonly (readonly [key: string, item: object, shown: string, allowed: string])[] = [
  ['serial', { serial: 'guide 7', languages: ['en'] }, '"guide 7"', '1 to 24 of 0-9 A-Z . -'],
  ['languages.0', { serial: 'G-7', languages: ['english!'] }, '"english!"', 'a language tag'],
];

describe('a cabinet', () => {
  it('speaks to its neighbours in the clear on loopback only', () => {
    const network = { brokers: ['mqtt://198.51.100.7'], keyFile: 'site.key' };
    const { message } = faultOf(JSON.stringify(changed('site.network', network, goodCabinet)));
    expect(message).toContain(
      ': site.network.brokers.0 is "mqtt://198.51.100.7"; must be mqtts://, or a loopback address',
    );
  });

  it.each(wrongCabinet)('with a wrong %s: %j is shown as %s and must be %s', (key, value, shown, allowed) => {
    const { message } = faultOf(JSON.stringify(changed(key, value, goodCabinet)));
    expect(message).toContain(`: ${key} is ${shown}`);
    expect(message).toContain(allowed);
    expect(message.split('\n')).toHaveLength(1);
  });

  it.each(wrongItems)(
    'with an item whose %s is wrong: %j is shown as %s and must be %s',
    (key, item, shown, allowed) => {
      const { message } = faultOf(JSON.stringify({ ...goodCabinet, items: [item] }));
      expect(message).toContain(`: items.0.${key} is ${shown}`);
      expect(message).toContain(allowed);
    },
  );

  it('knows no trip, and a bus knows no items', () => {
    const trip = { line: '12' };
    expect(faultOf(JSON.stringify({ ...goodCabinet, trip })).message).toContain('unknown key trip');
    expect(faultOf(JSON.stringify({ ...good, items: [] })).message).toContain('unknown key items');
  });

  it('has its defaults filled in', () => {
    expect(readTerminalConfig(written(JSON.stringify(goodCabinet)))).toMatchObject({
      cabinet: { board: 0, slots: 16, locks: { baudRate: 19_200 }, tags: { baudRate: 115_200 } },
      lending: { hygiene: 'none', takeWithinMs: 40_000, stopMinutes: 60, duplicates: 'lenient', ejectForeign: true },
      products: [],
      formats: { jtt1179: false },
    });
  });
});

describe('the formats of other systems', () => {
  it.each([
    ['pretix.items', { pretix: {} }, 'missing', 'a list of 1 to 1000 items of the shop'],
    ['pretix.items.0.site', { pretix: { items: [{ item: 5, product: 2, site: 70_000 }] } }, '70000', 'from 0 to 65535'],
    ['jtt1179', { jtt1179: 'yes' }, '"yes"', 'true or false'],
  ])('with a wrong %s: %j is shown as %s and must be %s', (key, formats, shown, allowed) => {
    const { message } = faultOf(JSON.stringify({ ...good, formats }));
    expect(message).toContain(`: formats.${key} is ${shown}`);
    expect(message).toContain(allowed);
  });

  it('are taken after the native ones, and only where they are named', async () => {
    const of = async (formats: object) =>
      (await formatsOf(readTerminalConfig(written(JSON.stringify({ ...good, formats }))))).map(({ id }) => id);
    expect(await of({})).toEqual(['sp1', 'st1', 'sb1']);
    const items = [{ item: 5, product: 2, site: 9 }];
    expect(await of({ pretix: { items }, jtt1179: true })).toEqual(['sp1', 'st1', 'sb1', 'pretix_sig1', 'jtt1179']);
  });
});

describe('a good file', () => {
  it('has its defaults filled in, its paths counted from its folder, and cannot be changed', () => {
    const config = readTerminalConfig(written(JSON.stringify(good)));
    expect(config).toMatchObject({
      serviceDayStart: '04:30',
      identityFile: join(folder, 'identity.json'),
      scanner: { kind: 'serial', suffix: 'CR' },
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('may name a HID reader by its ids or by its path', () => {
    const scannerOf = (scanner: object) => readTerminalConfig(written(JSON.stringify({ ...good, scanner }))).scanner;
    const ids = { kind: 'hid', vendorId: '1EAB', productId: '0c06' };
    expect(scannerOf(ids)).toEqual({ kind: 'hid', vendorId: 0x1eab, productId: 0x0c06, profile: 'auto' });
    const device = { kind: 'hid', path: '/dev/hidraw0', profile: 'microscan' };
    expect(scannerOf(device)).toEqual(device);
  });
});

const goodLane = {
  ...good,
  machine: 'gate-lane',
  trip: undefined,
  gate: { kind: 'relay' },
  site: { number: 9, lane: 'lane-1' },
};
const digicon = { kind: 'digicon', path: '/dev/gate', entry: { release: 'leftToRight', passage: 'B' } };

const wrongLane: readonly (readonly [key: string, value: unknown, shown: string, allowed: string])[] = [
  ['gate', undefined, 'missing', 'an object'],
  ['gate.kind', 'boom', '"boom"', 'allowed: relay, digicon'],
  ['gate.controllerWaitMs', 2_999, '2999', 'a whole number from 3000 to 10000'],
  ['gate', { kind: 'relay', controllerWaitMs: 10_001, passTimeoutMs: 20_000 }, 'missing', 'from 3000 to 10000'],
  ['gate.passTimeoutMs', 5_999, '5999', 'must be 6000 or more: controllerWaitMs + 1000'],
  ['gate.debounceMs', 19, '19', 'a whole number from 20 to 50'],
  ['gate.openPulseMs', 501, '501', 'a whole number from 100 to 500'],
  ['gate.pins.ready', 1, '1', 'a whole number from 2 to 19'],
  ['gate.pins.unlockEntry', 4, '4', 'a pin of its own: indicator.pins.green has it'],
  ['gate.pins.fire', 9, '9', 'a pin of its own: gate.pins.unlockEntry has it'],
  ['gate', { ...digicon, firePin: 8 }, 'missing', 'a pin of its own: indicator.pins.buzzer has it'],
  ['gate', { ...digicon, entry: { release: 'both', passage: 'B' } }, 'missing', 'allowed: rightToLeft, leftToRight'],
  ['site', undefined, 'missing', 'an object'],
  ['site.lane', 'lane 1', '"lane 1"', '1 to 32 of A-Z a-z 0-9 _ -'],
  ['site.number', -1, '-1', 'a whole number from 0 to 4294967295'],
  ['site.duplicates', 'never', '"never"', 'allowed: lenient, strict'],
  ['site.capacity', 'much', '"much"', 'allowed: leases, unlimited'],
  ['site.claimTimeoutMs', 49, '49', 'a whole number from 50 to 2000'],
  ['site.network', { brokers: [], keyFile: 'site.key' }, 'missing', 'a list of 1 to 8 addresses'],
  ['site.network', { brokers: ['mqtt://127.0.0.1'] }, 'missing', 'a text of 1 to 4096 characters'],
  ['indicator.firmware', '', '""', 'a text of 1 to 64 characters'],
  ['site.reader', 'both', '"both"', 'allowed: entry, exit'],
];

describe('a gate lane', () => {
  it.each(wrongLane)('with a wrong %s: %j is shown as %s and must be %s', (key, value, shown, allowed) => {
    const { message } = faultOf(JSON.stringify(changed(key, value, goodLane)));
    expect(message).toContain(`: ${key}`);
    expect(message).toContain(allowed);
    if (shown !== 'missing') expect(message).toContain(` is ${shown}`);
    expect(message.split('\n')).toHaveLength(1);
  });

  it('outwaits its controller by a second exactly, behind dry contacts or a serial line', () => {
    const times = { controllerWaitMs: 10_000, passTimeoutMs: 11_000 };
    for (const gate of [{ kind: 'relay' }, digicon]) {
      const config = readTerminalConfig(written(JSON.stringify({ ...goodLane, gate: { ...gate, ...times } })));
      expect(config).toMatchObject({
        machine: 'gate-lane',
        gate: times,
        site: { reader: 'entry', capacity: 'leases' },
      });
    }
  });

  it('finds the key of its site beside its configuration', () => {
    const network = { brokers: ['mqtt://127.0.0.1'], keyFile: 'site.key' };
    const config = readTerminalConfig(written(JSON.stringify({ ...goodLane, site: { ...goodLane.site, network } })));
    expect(config).toMatchObject({ site: { network: { keyFile: join(folder, 'site.key') } } });
  });

  it('may have wires that are not there', () => {
    const gate = { kind: 'relay', pins: { ready: null, opened: null, occupied: null, fire: null } };
    expect(() => readTerminalConfig(written(JSON.stringify({ ...goodLane, gate })))).not.toThrow();
  });
});

const nowhere = join(folder, 'nowhere.json');
const files: readonly (readonly [what: string, content: string | null, code: string])[] = [
  ['absent', null, 'CONFIG_UNREADABLE'],
  ['empty', '', 'CONFIG_INVALID'],
  ['cut off', '{"machine": "vali', 'CONFIG_INVALID'],
  ['no object', '[]', 'CONFIG_INVALID'],
  ['full of keys that are wrong', JSON.stringify({ ...good, scanner: { path: 5 }, colour: 1 }), 'CONFIG_INVALID'],
];

describe('`stile run` with a file that is', () => {
  it.each(files)('%s: says so in words, with a remedy, and ends with status 2', (_what, content, code) => {
    const file = content === null ? nowhere : written(content);
    const { status, stderr, stdout } = runTerminal(file);
    expect(stderr).toContain(`error ${code}: `);
    expect(stderr).toMatch(/\nremedy: \S/);
    expect(stderr + stdout).not.toMatch(/\n\s+at |node:internal|ZodError/);
    expect(status).toBe(2);
  });
});

function faultOf(content: string): StileError {
  try {
    readTerminalConfig(written(content));
  } catch (error) {
    if (error instanceof StileError) return error;
    throw error;
  }
  throw new Error('the file was taken');
}

function written(content: string): string {
  const file = join(folder, 'terminal.json');
  writeFileSync(file, content);
  return file;
}

/** The good configuration with one key, named by its path, changed or left out. */
function changed(key: string, value: unknown, from: object = good): unknown {
  const config = structuredClone(from) as Record<string, unknown>;
  const names = key.split('.');
  const last = names.pop() ?? '';
  let inner = config;
  for (const name of names) {
    inner[name] ??= {};
    inner = inner[name] as Record<string, unknown>;
  }
  if (value === undefined) delete inner[last];
  else inner[last] = value;
  return config;
}

function runTerminal(file: string): { status: number | null; stderr: string; stdout: string } {
  const entry = join(import.meta.dirname, '../../../runtime/main/stile.ts');
  return spawnSync(process.execPath, ['--import', 'tsx', entry, 'run', '--config', file], {
    cwd: join(import.meta.dirname, '../../..'),
    encoding: 'utf8',
    timeout: 20_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
}
