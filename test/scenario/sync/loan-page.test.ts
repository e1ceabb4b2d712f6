// Flow P from the screen to the open door: the page a phone opens, the desk behind it, and the real cabinet machine
// at the other end. Hostile phones, two phones, old codes, and a head end that dies half way.
import type { LightMyRequestResponse } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { secondsOf, unixSeconds } from '../../../runtime/core/brand.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import { ed25519Key } from '../../../runtime/tokens/keys.ts';
import { LoanPage, loanPageLimits } from '../../../sync/headend/console/loans/server.ts';
import {
  CodeDesk,
  codeDeskLimits,
  type DispenseAnswer,
  type DispenseRequest,
} from '../../../sync/headend/loans/code-desk.ts';
import type { LoanPolicy } from '../../../sync/headend/loans/loan.ts';
import { cabinetCodeAddress } from '../../../sync/wire/cabinet-code.ts';
import { LoanWorld, policy } from '../../fixtures/loan-world.ts';
import { JournalKeyPair, operator } from '../../fixtures/sync-world.ts';
import { Hall, type HallOptions } from '../cabinet-hall.ts';

const origin = 'https://guides.example';
const form = 'application/x-www-form-urlencoded';

class Site {
  readonly sent: DispenseRequest[] = [];
  /** The answer of the road to the cabinet; the cabinet itself where nothing is said. */
  road: ((request: DispenseRequest) => Promise<DispenseAnswer>) | null = null;
  readonly keys = new JournalKeyPair();
  readonly world: LoanWorld;
  readonly hall: Hall;
  desk: CodeDesk;
  page: LoanPage;

  private constructor(world: LoanWorld, given: HallOptions) {
    this.world = world;
    this.hall = new Hall('page', given);
    this.desk = this.#newDesk();
    this.page = this.#newPage();
  }

  static async open(given: HallOptions = {}, own: LoanPolicy = policy): Promise<Site> {
    const site = new Site(await LoanWorld.open('page', { policy: own }), given);
    await site.desk.start();
    open.push(site);
    return site;
  }

  /** Dies and starts again: memory is gone, what was durable is not. */
  async restart(): Promise<void> {
    await this.page.close();
    this.desk = this.#newDesk();
    this.page = this.#newPage();
    await this.desk.start();
  }

  #newDesk(): CodeDesk {
    const { world } = this;
    const key = ed25519Key(this.keys.publicKey);
    return new CodeDesk({
      operator,
      codes: world.database.codes,
      deposits: world.deposits,
      cabinets: { dispense: (request) => this.#dispense(request) },
      keyOf: (terminal) => (terminal === 'cabinet-1' ? key : null),
      clock: world.clock,
      entropy: new SeededEntropy(`desk ${this.sent.length} ${world.clock.monoMs()}`),
      log: silentLogger,
      policy,
    });
  }

  #newPage(): LoanPage {
    const offer = { terms: policy.terms, depositMinor: policy.depositMinor, decimals: 2 };
    return new LoanPage({ desk: this.desk, offer, origin, log: silentLogger });
  }

  async #dispense(request: DispenseRequest): Promise<DispenseAnswer> {
    this.sent.push(request);
    if (this.road !== null) return this.road(request);
    return this.deliver(request);
  }

  deliver({ order, nonce, notAfter, language, slot }: DispenseRequest): DispenseAnswer {
    const { hall } = this;
    const before = hall.effects.length;
    const atMonoMs = hall.clock.monoMs();
    hall.feed({ kind: 'Dispense', commandId: order, order, nonce, notAfter, language, slot, atMonoMs });
    const answer = hall.effects.slice(before).find((effect) => effect.kind === 'answerCommand');
    if (answer === undefined) return { kind: 'unanswered' };
    return answer.reason === 'OK' ? { kind: 'begun' } : { kind: 'refused', reason: answer.reason };
  }

  /** The address on the screen now. */
  scan(more: { expires?: number; untimed?: boolean; terminal?: string; keys?: JournalKeyPair } = {}): URL {
    const code = {
      terminal: more.terminal ?? 'cabinet-1',
      nonce: this.hall.scanned(),
      expires: unixSeconds(more.expires ?? secondsOf(this.hall.clock.wallMs()) + 60),
      untimed: more.untimed ?? false,
    };
    const sign = (message: Uint8Array): Uint8Array => (more.keys ?? this.keys).sign(message);
    return new URL(cabinetCodeAddress(`${origin}/borrow`, operator, code, sign));
  }

  get(url: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
    return this.page.app.inject({ method: 'GET', url, headers: { host: 'guides.example', ...headers } });
  }

  post(payload: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
    const own = { host: 'guides.example', origin, 'content-type': form };
    return this.page.app.inject({ method: 'POST', url: '/borrow', payload, headers: { ...own, ...headers } });
  }

  /** A phone opens the address, and fills in the form. */
  async phone(url: URL, language = 'en'): Promise<string> {
    const page = await this.get(url.pathname + url.search);
    expect(page.statusCode).toBe(200);
    const fields = [...page.body.matchAll(/<input type="hidden" name="([a-z]+)" value="([^"]*)">/g)];
    const filled = new URLSearchParams(fields.map(([, name = '', value = '']): [string, string] => [name, value]));
    filled.set('lang', language);
    return filled.toString();
  }

  async pass(ms: number): Promise<void> {
    await this.hall.clock.advance(ms);
    await this.world.clock.advance(ms);
  }
}

const open: Site[] = [];
afterEach(async () => {
  for (const site of open.splice(0)) {
    await site.page.close();
    await site.world.close();
  }
});

describe('a visitor', () => {
  test.each([
    { language: 'en', said: 'Please take the guide' },
    { language: 'zh', said: '取出讲解器' },
  ])('scans, chooses $language, and is told to take the guide', async ({ language, said }) => {
    const site = await Site.open();
    const filled = await site.phone(site.scan(), language);
    const chosen = await site.post(filled);
    expect(chosen.statusCode).toBe(303);
    const waiting = await site.get(String(chosen.headers.location));
    expect(waiting.body).toContain('http-equiv="refresh"');
    await site.pass(1_000);
    const done = await site.get(String(chosen.headers.location));
    expect(done.body).toContain(said);
    expect(done.body).not.toContain('http-equiv="refresh"');
    expect(site.sent).toMatchObject([{ terminal: 'cabinet-1', language }]);
    expect(site.hall.pulses).toHaveLength(1);
    expect(site.hall.fetch(1)).toBe('A');
    await site.world.receive(site.hall.rows);
    expect(await site.world.told()).toEqual(['A ON_LOAN -']);
    expect(await site.world.books()).toEqual(['60000 0 0']);
  });

  test('is told what it costs before choosing', async () => {
    const site = await Site.open();
    const url = site.scan();
    const page = await site.get(url.pathname + url.search);
    for (const price of ['60 分钟 / minutes: 10.00 CNY', '50.00 CNY', '600.00 CNY']) expect(page.body).toContain(price);
  });

  test('who presses twice has one order and sees it both times', async () => {
    const site = await Site.open();
    const filled = await site.phone(site.scan());
    const [first, second] = [await site.post(filled), await site.post(filled)];
    await site.pass(1_000);
    expect(second.headers.location).toBe(first.headers.location);
    expect(site.sent).toHaveLength(1);
    expect(await site.world.books()).toHaveLength(1);
  });

  test('V12: two phones, one nonce: the first wins, the second is told to scan again', async () => {
    const site = await Site.open();
    const url = site.scan();
    const [alder, birch] = [await site.phone(url), await site.phone(url, 'zh')];
    const [first, second] = await Promise.all([site.post(alder), site.post(birch)]);
    await site.pass(1_000);
    expect([first.statusCode, second.statusCode].toSorted()).toEqual([303, 409]);
    const loser = first.statusCode === 409 ? first : second;
    expect(loser.body).toContain('Another phone was first');
    expect(site.sent).toHaveLength(1);
    expect(site.hall.pulses).toHaveLength(1);
  });

  test('V12: also after the head end has died in between', async () => {
    const site = await Site.open();
    const url = site.scan();
    const [alder, birch] = [await site.phone(url), await site.phone(url)];
    expect((await site.post(alder)).statusCode).toBe(303);
    await site.pass(1_000);
    await site.restart();
    expect((await site.post(birch)).statusCode).toBe(409);
    expect((await site.post(alder)).statusCode).toBe(303);
    expect(site.sent).toHaveLength(1);
  });

  test('V1: a command delivered three times moves one latch', async () => {
    const site = await Site.open();
    site.road = async (request) => {
      const answers = [site.deliver(request), site.deliver(request), site.deliver(request)];
      expect(answers).toEqual([{ kind: 'begun' }, { kind: 'begun' }, { kind: 'begun' }]);
      return { kind: 'begun' };
    };
    await site.post(await site.phone(site.scan()));
    await site.pass(1_000);
    expect(site.hall.pulses).toHaveLength(1);
  });

  test('V2: a command that arrives too late: nothing moves, all is given back', async () => {
    const site = await Site.open();
    let arrive: (answer: DispenseAnswer) => void = () => undefined;
    site.road = () => new Promise((resolve) => (arrive = resolve));
    const chosen = await site.post(await site.phone(site.scan()));
    await site.pass((codeDeskLimits.commandLifeSeconds + 6) * 1_000);
    const [late] = site.sent;
    if (late === undefined) throw new Error('nothing was sent');
    arrive(site.deliver(late));
    await site.pass(3_000);
    expect((await site.get(String(chosen.headers.location))).body).toContain('That took too long');
    expect(site.hall.pulses).toHaveLength(0);
    expect(await site.world.books()).toEqual(['60000 0 60000']);
  });

  test('whose command could not be sent is sent to staff, and all is given back', async () => {
    const site = await Site.open();
    site.road = () => Promise.reject(new Error('no key'));
    const chosen = await site.post(await site.phone(site.scan()));
    await site.pass(3_000);
    expect((await site.get(String(chosen.headers.location))).body).toContain('please see staff');
    expect(await site.world.books()).toEqual(['60000 0 60000']);
  });

  test('V13: nothing to lend: told where to go, all given back', async () => {
    const site = await Site.open();
    const filled = await site.phone(site.scan());
    for (const slot of [1, 2, 3]) site.hall.staff({ kind: 'quarantine', slot });
    const chosen = await site.post(filled);
    await site.pass(3_000);
    expect((await site.get(String(chosen.headers.location))).body).toContain('try the next machine');
    expect(await site.world.books()).toEqual(['60000 0 60000']);
  });

  test('whose deposit is declined is told so, and the cabinet is never asked', async () => {
    const site = await Site.open();
    site.world.provider.faults = { ...site.world.provider.faults, declined: 1 };
    const chosen = await site.post(await site.phone(site.scan()));
    await site.pass(1_000);
    expect((await site.get(String(chosen.headers.location))).body).toContain('deposit could not be held');
    expect(site.world.provider.happened.declined).toBe(1);
    expect(site.sent).toHaveLength(0);
  });

  test('whose deposit is not answered in time is not charged when the answer comes', async () => {
    const site = await Site.open();
    site.world.provider.faults = { ...site.world.provider.faults, answerLost: 1 };
    const chosen = await site.post(await site.phone(site.scan()));
    await site.pass(codeDeskLimits.holdWaitMs + 1_000);
    expect((await site.get(String(chosen.headers.location))).body).toContain('no answer in time');
    site.world.provider.faults = { ...site.world.provider.faults, answerLost: 0 };
    await site.world.clock.advance(2 * 3_600_000);
    expect(await site.world.books()).toEqual(['60000 0 60000']);
    expect(site.sent).toHaveLength(0);
  });
});

describe('an order without an answer', () => {
  test('keeps its deposit until rows of its cabinet prove that it cannot begin, then gives it back', async () => {
    const site = await Site.open();
    site.road = async () => ({ kind: 'unanswered' });
    const chosen = await site.post(await site.phone(site.scan()));
    await site.pass(1_000);
    expect((await site.get(String(chosen.headers.location))).body).toContain('did not answer');
    await site.pass(3_600_000);
    await site.desk.sweep();
    expect(await site.world.books()).toEqual(['60000 0 0']);
    site.hall.time.observeSigned(site.hall.clock.wallMs(), 100);
    site.hall.staff({ kind: 'recount' });
    await site.world.receive(site.hall.rows);
    await site.desk.sweep();
    await site.world.clock.advance(2_000);
    expect(await site.world.books()).toEqual(['60000 0 60000']);
  });

  test('that began all the same becomes a loan with its deposit', async () => {
    const site = await Site.open();
    site.road = async (request) => {
      site.deliver(request);
      return { kind: 'unanswered' };
    };
    await site.post(await site.phone(site.scan()));
    await site.pass(1_000);
    site.hall.fetch(1);
    await site.pass(3_600_000);
    site.hall.time.observeSigned(site.hall.clock.wallMs(), 100);
    site.hall.staff({ kind: 'recount' });
    await site.world.receive(site.hall.rows);
    await site.desk.sweep();
    await site.world.clock.advance(2_000);
    expect(await site.world.told()).toEqual(['A ON_LOAN -']);
    expect(await site.world.books()).toEqual(['60000 0 0']);
  });

  test('that began and is in doubt keeps its deposit until staff have looked', async () => {
    const site = await Site.open();
    site.road = async (request) => {
      site.deliver(request);
      return { kind: 'unanswered' };
    };
    await site.post(await site.phone(site.scan()));
    await site.pass(100);
    site.hall.setBoard(false);
    await site.pass(20 * 60_000);
    expect(site.hall.story().some((line) => line.includes('in_doubt'))).toBe(true);
    site.hall.staff({ kind: 'recount' });
    expect(site.hall.rows.at(-1)).toMatchObject({ clock: { state: 'SYNCED' } });
    await site.world.receive(site.hall.rows);
    await site.desk.sweep();
    await site.world.clock.advance(2_000);
    expect(await site.world.told()).toEqual([]);
    expect(await site.world.books()).toEqual(['60000 0 0']);
  });

  test('that a dying head end had not sent is over after its start', async () => {
    const site = await Site.open();
    site.world.provider.faults = { ...site.world.provider.faults, answerLost: 1 };
    const chosen = await site.post(await site.phone(site.scan()));
    await site.restart();
    site.world.provider.faults = { ...site.world.provider.faults, answerLost: 0 };
    expect((await site.get(String(chosen.headers.location))).body).toContain('no answer in time');
    await site.world.clock.advance(2 * 3_600_000);
    expect(await site.world.books()).toEqual(['60000 0 60000']);
    expect(site.sent).toHaveLength(0);
  });
});

describe('a code', () => {
  const now = (site: Site): number => secondsOf(site.world.clock.wallMs());

  test.each([
    { title: 'that is over', status: 410, more: (site: Site) => ({ expires: now(site) }) },
    {
      title: 'that claims a life no screen gives',
      status: 410,
      more: (site: Site) => ({ expires: now(site) + 3_600 }),
    },
    { title: 'of a machine nobody enrolled', status: 403, more: () => ({ terminal: 'cabinet-9' }) },
    { title: 'signed by another key', status: 403, more: () => ({ keys: new JournalKeyPair() }) },
    { title: 'of a machine that has lost its clock', status: 200, more: () => ({ expires: 0, untimed: true }) },
  ])('$title is answered with $status, read or used', async ({ status, more }) => {
    const site = await Site.open();
    const url = site.scan(more(site));
    expect((await site.get(url.pathname + url.search)).statusCode).toBe(status);
    const used = await site.post(`${url.search.slice(1)}&lang=en&visit=${'0'.repeat(32)}`);
    expect(used.statusCode).toBe(status === 200 ? 303 : status);
    await site.pass(1_000);
    expect(site.sent).toHaveLength(status === 200 ? 1 : 0);
  });

  test('that was good when the page came is looked at again when the button is pressed', async () => {
    const site = await Site.open();
    const filled = await site.phone(site.scan());
    await site.pass(61_000);
    expect((await site.post(filled)).statusCode).toBe(410);
  });

  test('is not taken by a preview that only reads the address', async () => {
    const site = await Site.open();
    const url = site.scan();
    for (let i = 0; i < 5; i++) await site.get(url.pathname + url.search);
    await site.pass(1_000);
    expect(site.sent).toHaveLength(0);
    expect((await site.post(await site.phone(url))).statusCode).toBe(303);
  });

  test('does not open a second order under the mark of another one', async () => {
    const site = await Site.open();
    const filled = await site.phone(site.scan());
    expect((await site.post(filled)).statusCode).toBe(303);
    await site.pass(31_000);
    const visit = new URLSearchParams(filled).get('visit') ?? '';
    const next = new URLSearchParams(await site.phone(site.scan()));
    next.set('visit', visit);
    expect((await site.post(next.toString())).statusCode).toBe(409);
  });

  test('of a machine with enough orders under way has to wait', async () => {
    const site = await Site.open();
    site.road = () => new Promise(() => undefined);
    const statuses: number[] = [];
    for (let i = 0; i <= codeDeskLimits.openOrdersPerTerminal; i++) {
      statuses.push((await site.post(await site.phone(site.scan()))).statusCode);
      await site.hall.clock.advance(30_000);
      site.hall.time.observeSigned(site.world.clock.wallMs(), 1);
    }
    expect(statuses).toEqual([303, 303, 303, 303, 503]);
    await site.world.clock.advance(60_000);
  });
});

describe('the page', () => {
  test('loads nothing from elsewhere, runs nothing, and is kept by nobody', async () => {
    const site = await Site.open();
    const url = site.scan();
    const page = await site.get(url.pathname + url.search);
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.headers['set-cookie']).toBeUndefined();
    expect(page.body).not.toMatch(/<script|style=|https?:/);
    const links = [...page.body.matchAll(/(?:href|action|src)="([^"]*)"/g)].map(([, link = '']) => link);
    expect(links).toEqual(['/borrow/style.css', '/borrow']);
    expect((await site.get('/borrow/style.css')).headers['content-type']).toContain('text/css');
  });

  test.each([
    { title: 'another host', headers: { host: 'evil.example' }, status: 421 },
    { title: 'the host with a port', headers: { host: 'guides.example:8080' }, status: 421 },
    { title: 'another origin', headers: { origin: 'https://evil.example' }, status: 403 },
    { title: 'a hidden origin', headers: { origin: 'null' }, status: 403 },
    { title: 'another site', headers: { 'sec-fetch-site': 'cross-site' }, status: 403 },
    { title: 'JSON', headers: { 'content-type': 'application/json' }, status: 415 },
    { title: 'text', headers: { 'content-type': 'text/plain' }, status: 415 },
  ])('takes no choice from $title', async ({ headers, status }) => {
    const site = await Site.open();
    const filled = await site.phone(site.scan());
    expect((await site.post(filled, headers)).statusCode).toBe(status);
    await site.pass(1_000);
    expect(site.sent).toHaveLength(0);
  });

  test('takes no choice without an origin', async () => {
    const site = await Site.open();
    const payload = await site.phone(site.scan());
    const headers = { host: 'guides.example', 'content-type': form };
    const answer = await site.page.app.inject({ method: 'POST', url: '/borrow', payload, headers });
    expect(answer.statusCode).toBe(403);
  });

  test.each([
    ['nothing', ''],
    ['no language', (filled: string) => filled.replace('&lang=en', '')],
    ['a language it does not speak', (filled: string) => filled.replace('lang=en', 'lang=xx')],
    ['two languages', (filled: string) => `${filled}&lang=zh`],
    ['two machines', (filled: string) => `${filled}&t=cabinet-1`],
    ['a mark that is none', (filled: string) => filled.replace(/visit=[0-9a-f]+/, 'visit=1')],
    ['no mark', (filled: string) => filled.replace(/visit=[0-9a-f]+/, '')],
    ['a field of the prototype', (filled: string) => filled.replace(/t=[^&]+/, '__proto__=x')],
  ])('answers %s with 400', async (_title, change) => {
    const site = await Site.open();
    const filled = await site.phone(site.scan());
    const answer = await site.post(typeof change === 'string' ? change : change(filled));
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('scan the code');
  });

  test('answers a crowd beyond its bound with 503, and the next visitor as usual', async () => {
    const site = await Site.open();
    const crowd = Array.from({ length: 2 * loanPageLimits.requests }, () => site.get(`/borrow/${'f'.repeat(32)}`));
    const statuses = (await Promise.all(crowd)).map(({ statusCode }) => statusCode);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status === 404).length).toBeGreaterThanOrEqual(loanPageLimits.requests);
    expect((await site.get('/borrow/style.css')).statusCode).toBe(200);
  });

  test('answers a body beyond its bound with 413', async () => {
    const site = await Site.open();
    expect((await site.post(`x=${'y'.repeat(loanPageLimits.bodyBytes)}`)).statusCode).toBe(413);
  });

  test.each(['/', '/borrow/', '/borrow/x', `/borrow/${'f'.repeat(32)}`, '/borrow/..%2f..%2fetc%2fpasswd', '/%ff'])(
    'has nothing at %s',
    async (url) => {
      const site = await Site.open();
      const answer = await site.get(url);
      expect([400, 404]).toContain(answer.statusCode);
      expect(answer.headers['content-security-policy']).toContain("default-src 'self'");
    },
  );

  test.each(['<script>alert(1)</script>', '"><img src=x>', "'-alert(1)-'"])('never repeats %s', async (text) => {
    const site = await Site.open();
    const url = site.scan();
    for (const name of ['t', 'n', 'e', 'u', 's']) {
      const changed = new URLSearchParams(url.search);
      changed.set(name, text);
      const answer = await site.get(`/borrow?${changed}`);
      expect(answer.statusCode).toBe(400);
      expect(answer.body).not.toContain(text);
    }
  });

  test('listens on loopback alone, and names itself there', async () => {
    const site = await Site.open();
    const offer = { terms: policy.terms, depositMinor: 0, decimals: 2 };
    const page = new LoanPage({ desk: site.desk, offer, origin: null, log: silentLogger });
    const port = await page.listen(0);
    expect(page.address).toBe(`http://127.0.0.1:${port}/borrow`);
    expect(page.app.addresses().map((address) => (typeof address === 'string' ? address : address.address))).toEqual([
      '127.0.0.1',
    ]);
    const second = new LoanPage({ desk: site.desk, offer, origin: null, log: silentLogger });
    await expect(second.listen(port)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    await second.close();
    await page.close();
  });
});
