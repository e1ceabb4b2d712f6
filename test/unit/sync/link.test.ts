// Where a link may lead, how it waits, and what it never does.
import { describe, expect, test } from 'vitest';
import { SystemClock } from '../../../runtime/core/clock.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { StileError } from '../../../runtime/core/errors.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { Flights } from '../../../sync/terminal/flights.ts';
import { Backoff, backoffLimits } from '../../../sync/terminal/link/backoff.ts';
import { MqttLink } from '../../../sync/terminal/link/mqtt-link.ts';
import { ReceiptPace } from '../../../sync/terminal/receipt-pace.ts';

const link = (broker: string): MqttLink =>
  new MqttLink({
    brokers: [broker],
    clientId: 'bus-1',
    clock: new SystemClock(),
    entropy: new SeededEntropy('link'),
    log: silentLogger,
  });

describe('a broker address', () => {
  test.each(['mqtt://127.0.0.1:1883', 'mqtt://localhost', 'mqtt://[::1]:1883', 'mqtt://127.1.2.3'])(
    '%s is taken',
    (url) => {
      expect(link(url).connected).toBe(false);
    },
  );

  test.each([
    'mqtt://192.0.2.1:1883',
    'mqtt://broker.example',
    'mqtt://127.0.0.1.example',
    'mqtts://127.0.0.1',
    'tcp://127.0.0.1',
    'nonsense',
    '',
  ])('%s is refused', (url) => {
    expect(() => link(url)).toThrow(StileError);
    expect(() => link(url)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

test('Q1: nothing is published, and nothing kept, while not connected', () => {
  expect(link('mqtt://127.0.0.1:1').publish('stile/1/metro/t/bus-1/state', Uint8Array.of(1), { qos: 1 })).toBe(false);
});

test('seed backoff-1: waits grow, differ, and stay within their bounds', () => {
  const backoff = new Backoff(new SeededEntropy('backoff-1'));
  const waits = Array.from({ length: 40 }, () => backoff.nextMs());
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(backoffLimits.firstMs);
  expect(Math.max(...waits)).toBeLessThanOrEqual(backoffLimits.maxMs);
  expect(Math.max(...waits)).toBeGreaterThan(10 * backoffLimits.firstMs);
  expect(new Set(waits).size).toBeGreaterThan(20);
  backoff.reset();
  expect(backoff.nextMs()).toBeLessThanOrEqual(3 * backoffLimits.firstMs);
});

test('seed resend-1: a batch is sent again after at least the base and at most a minute', async () => {
  const clock = new VirtualClock();
  const waits: number[] = [];
  let departedMs = 0;
  const flights: Flights = new Flights({
    clock,
    entropy: new SeededEntropy('resend-1'),
    overdue: (flight) => {
      waits.push(clock.monoMs() - departedMs);
      departedMs = clock.monoMs();
      flights.land(flight);
      flights.again(flight, flight.range);
    },
  });
  departedMs = clock.monoMs();
  flights.depart('live', 1, [0, 9]);
  await clock.advance(20 * 60_000);
  expect(waits[0]).toBe(2_000);
  expect(waits.every((wait) => wait >= 2_000 && wait <= 60_000)).toBe(true);
  expect(Math.max(...waits)).toBeGreaterThan(20_000);
});

test('receipts become rows at most every 1,000 rows or hour, and never because of a receipt', async () => {
  const clock = new VirtualClock();
  const pace = new ReceiptPace(clock);
  expect(pace.due(1, 10)).toBe(true);
  expect(pace.due(1, 500)).toBe(false);
  expect(pace.due(1, 1_010)).toBe(true);
  await clock.advance(3_600_000);
  expect(pace.due(1, 1_011)).toBe(false);
  expect(pace.due(1, 1_012)).toBe(true);
});
