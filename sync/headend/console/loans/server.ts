// Serves the borrowing page on loopback, for the proxy that gives it a name. A read changes nothing, so that a
// preview of the address cannot take somebody's guide; the choice of a language is what claims the code.
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { assert } from '../../../../runtime/core/assert.ts';
import { messageOf, StileError } from '../../../../runtime/core/errors.ts';
import type { Logger } from '../../../../runtime/core/log.ts';
import { parseCabinetCode, type SignedCabinetCode } from '../../../wire/cabinet-code.ts';
import { type CodeDesk, type CodeRefusal, pageLanguages } from '../../loans/code-desk.ts';
import { choicePage, messagePage, type Offer, orderPage, style, stylePath } from './page.ts';
import { refusalWords, type Said, words } from './words.ts';

export const loanPageLimits = {
  bodyBytes: 1_024,
  requestTimeoutMs: 10_000,
  /** Requests at once; the rest are told to come back. */
  requests: 64,
} as const;

export const loanPagePath = '/borrow';
const loopback = '127.0.0.1';

export interface LoanPageOptions {
  readonly desk: CodeDesk;
  readonly offer: Offer;
  /** Scheme, name and port under which phones reach the page; null for the loopback address itself. */
  readonly origin: string | null;
  readonly log: Logger;
}

export class LoanPage {
  /** For tests, which need no socket. */
  readonly app: FastifyInstance;
  readonly #options: LoanPageOptions;
  #origin: string;
  #underWay = 0;

  constructor(options: LoanPageOptions) {
    this.#options = options;
    this.#origin = options.origin ?? `http://${loopback}`;
    this.app = this.#routes();
  }

  /** Address of the page, as a cabinet's code needs it. */
  get address(): string {
    return `${this.#origin}${loanPagePath}`;
  }

  /** `port` 0 takes any. @throws StileError PORT_IN_USE. */
  async listen(port: number): Promise<number> {
    try {
      await this.app.listen({ host: loopback, port });
    } catch (cause) {
      throw new StileError('PORT_IN_USE', `port ${port} on ${loopback} cannot be used: ${messageOf(cause)}`, {
        remedy: 'Choose another port for the borrowing page.',
        cause,
      });
    }
    const address = this.app.server.address();
    assert(address !== null && typeof address === 'object', 'a listening TCP server has an address');
    if (this.#options.origin === null) this.#origin = `http://${loopback}:${address.port}`;
    return address.port;
  }

  close(): Promise<void> {
    return this.app.close();
  }

  #routes(): FastifyInstance {
    const app = fastify({
      bodyLimit: loanPageLimits.bodyBytes,
      exposeHeadRoutes: false,
      forceCloseConnections: true,
      requestTimeout: loanPageLimits.requestTimeoutMs,
      // An address that cannot be decoded reaches no hook.
      frameworkErrors: (_error, _request, reply) => this.#say(reply.headers(securityHeaders), 400, words.notUnderstood),
    });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, fieldsOf(String(body))),
    );
    app.addHook('onRequest', (request, reply, done) => {
      void reply.headers(securityHeaders);
      this.#underWay++;
      const status = this.#refusedStatus(request);
      if (status !== null) return void this.#say(reply, status, words.notUnderstood);
      done();
    });
    app.addHook('onResponse', (_request, _reply, done) => {
      this.#underWay--;
      done();
    });
    app.setErrorHandler((error, _request, reply) => this.#failed(error, reply));
    app.setNotFoundHandler((_request, reply) => this.#say(reply, 404, words.nothingHere));
    app.get(`${loanPagePath}/${stylePath}`, (_request, reply) =>
      reply.headers({ 'content-type': 'text/css; charset=utf-8', 'cache-control': 'max-age=3600' }).send(style),
    );
    app.get(loanPagePath, (request, reply) => this.#offer(request, reply));
    app.post(loanPagePath, (request, reply) => this.#order(request, reply));
    app.get(`${loanPagePath}/:visit`, (request, reply) => this.#show(request, reply));
    return app;
  }

  /** Names are compared whole; a write says where it comes from. */
  #refusedStatus({ headers, method }: FastifyRequest): number | null {
    if (this.#underWay > loanPageLimits.requests) return 503;
    if (headers.host !== new URL(this.#origin).host) return 421;
    if (method === 'GET') return null;
    const site = headers['sec-fetch-site'];
    const foreign = headers.origin !== this.#origin || (site !== undefined && site !== 'same-origin');
    return foreign ? 403 : null;
  }

  #offer(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const code = codeOf(request.query);
    if (code === null) return this.#say(reply, 400, words.notUnderstood);
    const refusal = this.#options.desk.examine(code);
    if (refusal !== null) return this.#refuse(reply, refusal);
    const query = request.query as Readonly<Record<string, string>>;
    const shown = Object.fromEntries(codeFields.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
    const fields = { ...shown, visit: this.#options.desk.newVisit() };
    return html(reply, 200, choicePage(loanPagePath, fields, this.#options.offer));
  }

  async #order(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
    const code = codeOf(body);
    const { visit } = body;
    const language = pageLanguages.find((known) => known === body['lang']);
    if (code === null || !isVisit(visit) || language === undefined) return this.#say(reply, 400, words.notUnderstood);
    const refusal = await this.#options.desk.order(code, visit, language);
    if (refusal !== null) return this.#refuse(reply, refusal);
    return reply.redirect(`${loanPagePath}/${visit}`, 303);
  }

  async #show(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { visit } = request.params as { readonly visit: string };
    const order = isVisit(visit) ? await this.#options.desk.orderOf(visit) : null;
    if (order === null) return this.#say(reply, 404, words.nothingHere);
    return html(reply, 200, orderPage(loanPagePath, order));
  }

  #refuse(reply: FastifyReply, refusal: CodeRefusal): FastifyReply {
    return this.#say(reply, statusOf[refusal], refusalWords[refusal]);
  }

  #say(reply: FastifyReply, status: number, text: Said): FastifyReply {
    return html(reply, status, messagePage(loanPagePath, text));
  }

  #failed(error: unknown, reply: FastifyReply): FastifyReply {
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (status >= 500) this.#options.log.error('loan-page.failed', { detail: messageOf(error) });
    return this.#say(reply, status >= 400 && status < 600 ? status : 500, words.notUnderstood);
  }
}

const statusOf: Readonly<Record<CodeRefusal, number>> = {
  UNKNOWN_MACHINE: 403,
  BAD_SIGNATURE: 403,
  EXPIRED: 410,
  TAKEN: 409,
  BUSY: 503,
};

const codeFields = ['t', 'n', 'e', 'u', 's'] as const;

const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // Not no-referrer: with it a browser hides the Origin of the page's own form.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const;

const html = (reply: FastifyReply, status: number, text: string): FastifyReply =>
  reply.code(status).headers({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).send(text);

function codeOf(parameters: unknown): SignedCabinetCode | null {
  const code = parseCabinetCode(parameters);
  return code.ok ? code.value : null;
}

/** A field that comes twice is an array, which no schema takes. */
function fieldsOf(body: string): Readonly<Record<string, string | readonly string[]>> {
  const fields = new URLSearchParams(body);
  const names = [...new Set(fields.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = fields.getAll(name);
      return [name, values.length === 1 && values[0] !== undefined ? values[0] : values];
    }),
  );
}

const isVisit = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);
