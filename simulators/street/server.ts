// Serves the street page on loopback: the built files, the live snapshots, and what a person
// can do there. Everything it decides about a request it decides before the body is read.
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { assert } from '../../runtime/core/assert.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import type { Logger } from '../../runtime/core/log.ts';
import { type Denied, deniedHost, deniedReader, deniedWriter } from './guard.ts';
import { MuseumBody } from './museum-body.ts';
import { type PageFile, readPageFiles, START_PLACEHOLDER, TOKEN_PLACEHOLDER } from './page-files.ts';
import { SnapshotStream } from './snapshot-stream.ts';
import { type StreetWorld, streetActions } from './world.ts';

export interface StreetServerOptions {
  readonly world: StreetWorld;
  /** Tried first; when taken the next ones follow. 0 takes any free port. */
  readonly port: number;
  /** The built page: dist/simulators/street/web. */
  readonly webFolder: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
}

export interface StreetServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export const LOOPBACK = '127.0.0.1';
export const PORT_ATTEMPTS = 20;
export const MAX_CODE_BYTES = 4096;
/** A code of control characters, each escaped as six in JSON, and the braces around it. */
export const MAX_BODY_BYTES = 6 * MAX_CODE_BYTES + 64;
export const MAX_PENDING_ACTS = 16;
const REQUEST_TIMEOUT_MS = 10_000;
const TOKEN_BYTES = 32;

const ActBody = z.strictObject({ action: z.enum(streetActions) });
/** Shown to the reader of the bus where no other is named. */
const PresentBody = z.strictObject({
  terminal: z.string().max(64).optional(),
  code: z
    .string()
    .min(1)
    .refine((code) => Buffer.byteLength(code) <= MAX_CODE_BYTES, `a code has at most ${MAX_CODE_BYTES} bytes`),
});

/** Throws PORT_IN_USE when no port is free, FILE_UNREADABLE when the page is not built. */
export async function startStreetServer(options: StreetServerOptions): Promise<StreetServer> {
  const files = await readPageFiles(options.webFolder);
  const last = options.port === 0 ? 0 : Math.min(options.port + PORT_ATTEMPTS - 1, 65_535);
  for (let port = options.port; port <= last; port += 1) {
    const server = new PageServer(options, files);
    if (await server.listen(port)) {
      options.logger.info('street page ready', { port: server.port });
      return { url: `http://${LOOPBACK}:${server.port}/`, port: server.port, close: () => server.close() };
    }
    await server.close();
  }
  throw new StileError('PORT_IN_USE', `every port from ${options.port} to ${last} on ${LOOPBACK} is taken`, {
    remedy: 'Give another --port, or end the program that holds these',
  });
}

class PageServer {
  readonly #world: StreetWorld;
  readonly #logger: Logger;
  readonly #token: string;
  readonly #page: string;
  readonly #files: ReadonlyMap<string, PageFile>;
  readonly #stream: SnapshotStream;
  readonly #app: FastifyInstance;
  #port = 0;
  #pendingActs = 0;

  constructor({ world, clock, entropy, logger }: StreetServerOptions, files: ReadonlyMap<string, PageFile>) {
    const start = hexOf(entropy, 8);
    this.#world = world;
    this.#logger = logger;
    this.#token = hexOf(entropy, TOKEN_BYTES);
    this.#files = files;
    this.#page = pageWith(files, this.#token, start);
    this.#stream = new SnapshotStream(world, clock, start);
    this.#app = this.#routes();
  }

  get port(): number {
    return this.#port;
  }

  /** False when the port is taken. */
  async listen(port: number): Promise<boolean> {
    try {
      await this.#app.listen({ host: LOOPBACK, port });
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') return false;
      throw new StileError('PORT_IN_USE', `port ${port} on ${LOOPBACK} cannot be used: ${messageOf(cause)}`, {
        remedy: 'Give another --port, above 1023',
        cause,
      });
    }
    const address = this.#app.server.address();
    assert(address !== null && typeof address === 'object', 'a listening TCP server has an address');
    this.#port = address.port;
    return true;
  }

  async close(): Promise<void> {
    this.#stream.close();
    await this.#app.close();
  }

  #routes(): FastifyInstance {
    const app = fastify({
      bodyLimit: MAX_BODY_BYTES,
      exposeHeadRoutes: false,
      forceCloseConnections: true,
      requestTimeout: REQUEST_TIMEOUT_MS,
    });
    app.removeContentTypeParser('text/plain');
    app.addHook('onRequest', async (request, reply) => {
      reply.headers(securityHeaders);
      const denied = this.#denied(request);
      if (denied) return reply.code(denied.status).send({ error: denied.error, message: denied.message });
    });
    app.setErrorHandler((error, _request, reply) => this.#answerError(error, reply));
    app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'NOT_FOUND', message: 'no such page' }));
    app.get('/', (_request, reply) => this.#answerPage(reply));
    for (const [address, file] of this.#files) {
      if (address !== '/index.html') app.get(address, (_request, reply) => answerFile(reply, file));
    }
    app.get('/events', (_request, reply) => this.#answerEvents(reply));
    app.post('/act', (request, reply) => this.#answerAct(request, reply));
    app.post('/museum', (request, reply) => this.#answerMuseum(request, reply));
    app.post('/present', (request, reply) => this.#answerPresent(request, reply));
    return app;
  }

  #denied({ headers, method, url }: FastifyRequest): Denied | undefined {
    const foreign = deniedHost(headers, this.#port);
    if (foreign) return foreign;
    if (method !== 'GET') return deniedWriter(headers, this.#port, this.#token);
    // A link elsewhere may lead to the page itself; what the page carries stays unreadable from there.
    return url === '/' ? undefined : deniedReader(headers, this.#port);
  }

  #answerPage(reply: FastifyReply): FastifyReply {
    return reply.headers({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).send(this.#page);
  }

  #answerEvents(reply: FastifyReply): FastifyReply {
    if (this.#stream.full) return reply.code(503).send({ error: 'TOO_MANY_PAGES', message: 'too many pages are open' });
    reply.hijack();
    reply.raw.writeHead(200, {
      ...securityHeaders,
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    });
    this.#stream.add(reply.raw);
    return reply;
  }

  async #answerAct(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = ActBody.safeParse(request.body);
    if (!body.success) return refuseBody(reply, body.error);
    return this.#perform(reply, () => this.#world.act(body.data.action));
  }

  async #answerPresent(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = PresentBody.safeParse(request.body);
    if (!body.success) return refuseBody(reply, body.error);
    const { code, terminal } = body.data;
    const { museum } = this.#world;
    if (terminal === undefined) return this.#perform(reply, () => this.#world.present(code));
    return museum ? this.#perform(reply, () => museum.present(code, terminal)) : refuseMuseum(reply);
  }

  async #answerMuseum(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = MuseumBody.safeParse(request.body);
    if (!body.success) return refuseBody(reply, body.error);
    const { museum } = this.#world;
    return museum ? this.#perform(reply, () => museum.act(body.data)) : refuseMuseum(reply);
  }

  async #perform(reply: FastifyReply, work: () => Promise<string>): Promise<FastifyReply> {
    if (this.#pendingActs >= MAX_PENDING_ACTS) {
      return reply.code(429).send({ error: 'TOO_MANY_ACTS', message: 'still busy with what was asked before' });
    }
    this.#pendingActs += 1;
    try {
      return reply.send({ said: await work() });
    } finally {
      this.#pendingActs -= 1;
    }
  }

  #answerError(error: unknown, reply: FastifyReply): FastifyReply {
    if (error instanceof StileError) {
      return reply.code(409).send({ error: error.code, message: `${error.message}. ${error.remedy}` });
    }
    const status = statusOf(error);
    if (status < 500) return reply.code(status).send({ error: 'BAD_REQUEST', message: messageOf(error) });
    this.#logger.error('street act failed', { detail: messageOf(error) });
    return reply.code(500).send({ error: 'INTERNAL', message: 'this did not work; the log says why' });
  }
}

const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

function answerFile(reply: FastifyReply, { mediaType, content, hashed }: PageFile): FastifyReply {
  const cache = hashed ? 'private, max-age=31536000, immutable' : 'no-store';
  return reply.headers({ 'content-type': mediaType, 'cache-control': cache }).send(content);
}

const refuseBody = (reply: FastifyReply, error: z.ZodError): FastifyReply =>
  reply.code(400).send({ error: 'BAD_REQUEST', message: error.issues[0]?.message ?? 'not understood' });

const refuseMuseum = (reply: FastifyReply): FastifyReply =>
  reply.code(404).send({ error: 'NOT_FOUND', message: 'this street has no museum' });

function pageWith(files: ReadonlyMap<string, PageFile>, token: string, start: string): string {
  const page = files.get('/index.html')?.content.toString('utf8') ?? '';
  if (!page.includes(TOKEN_PLACEHOLDER) || !page.includes(START_PLACEHOLDER)) {
    throw new StileError('FILE_UNREADABLE', 'the built street page has no place for its token', {
      remedy: 'Build it with: npm run build',
    });
  }
  return page.replaceAll(TOKEN_PLACEHOLDER, token).replaceAll(START_PLACEHOLDER, start);
}

const hexOf = (entropy: Entropy, length: number): string => Buffer.from(entropy.bytes(length)).toString('hex');

function statusOf(error: unknown): number {
  const hasStatus = error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
  return hasStatus ? Number(error.statusCode) : 500;
}
