import type { ServerResponse } from 'node:http';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import accepts from '@fastify/accepts';
import multipart from '@fastify/multipart';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, LogController } from 'fastify';
import { type ErrorCode, RETRY_AFTER_SECONDS } from '../../protocol/errors.ts';
import { MAX_BODY_BYTES, MAX_URL_BYTES } from '../../protocol/limits.ts';
import { accessControl } from '../access/access-control.ts';
import { ClientBook } from '../access/clients.ts';
import type { Config } from '../config/config.ts';
import type { Engine } from '../engine/engine.ts';
import { AppError } from '../errors.ts';
import { createHttpClient } from '../http-client/http-client.ts';
import { Jobs } from '../jobs/jobs.ts';
import { Runner } from '../jobs/runner.ts';
import type { ModelRegistry } from '../registry/model-registry.ts';
import { fetchPicture } from '../remote/fetch-picture.ts';
import { publicAddresses } from '../remote/public-address.ts';
import type { Desk } from '../system/desk.ts';
import { packageRoot } from '../system/package-root.ts';
import { Admission } from './admission.ts';
import { drain } from './drain.ts';
import { countRequests, Metrics } from './metrics.ts';
import { registerDocs } from './openapi.ts';
import { requestLog } from './request-log.ts';
import { registerControl } from './routes/control.ts';
import { registerEdge } from './routes/edge.ts';
import { registerHealth } from './routes/health.ts';
import { registerJobs } from './routes/jobs.ts';
import { registerMattes } from './routes/mattes.ts';
import { registerMetrics } from './routes/metrics.ts';
import { registerModels } from './routes/models.ts';
import { registerPage } from './routes/page.ts';
import { Probes, registerProbe } from './routes/probe.ts';
import { registerRemove } from './routes/remove.ts';
import { registerShutdown, type Shutdown } from './routes/shutdown.ts';
import { registerTunnel } from './routes/tunnel.ts';
import { SECURITY_HEADERS, securityHeaders } from './security-headers.ts';

export interface AppDependencies {
  config: Config;
  engine: Engine;
  registry: ModelRegistry;
  logger?: FastifyBaseLogger;
  shutdown?: Shutdown;
  /** What the page may change on this computer; with `shutdown` only. */
  desk?: Desk;
  /** Folder of the built page. */
  pageDir?: string;
}

/** The whole HTTP side, set up but not listening. */
export async function buildApp({
  config,
  engine,
  registry,
  logger,
  shutdown,
  desk,
  pageDir = path.join(packageRoot, 'dist', 'web'),
}: AppDependencies): Promise<FastifyInstance> {
  const app = Fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    // `requestLog` logs less, in one line.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: config.requestTimeout,
    http: {
      // If the header timeout is the longer one, Node swaps the two: the body would get 60 seconds.
      requestTimeout: config.requestTimeout,
      headersTimeout: Math.min(60_000, config.requestTimeout),
      connectionsCheckingInterval: Math.min(5000, Math.ceil(config.requestTimeout / 4)),
      // Left to access control, which answers with our error format.
      requireHostHeader: false,
    },
    // A client that stops reading its answer must not keep its place forever.
    connectionTimeout: 5 * 60_000,
    // Closing waits for the pictures in progress, however long they take.
    pluginTimeout: 0,
    // `drain` handles this instead.
    forceCloseConnections: false,
    return503OnClosing: false,
    // Unknown parameters are refused, not dropped: a typo would otherwise silently change the result.
    ajv: { customOptions: { removeAdditional: false } },
    frameworkErrors: (error, _request, reply) => sendFailure(reply, toAppError(error)),
    clientErrorHandler(error, socket) {
      const code: ErrorCode =
        error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? 'REQUEST_TIMEOUT'
          : error.code === 'HPE_HEADER_OVERFLOW'
            ? 'HEADERS_TOO_LARGE'
            : 'BAD_REQUEST';
      if (!socket.writable || answerHasBegun(socket)) return void socket.destroy();
      const failure = new AppError(code);
      const body = JSON.stringify(failure.toBody());
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        connection: 'close',
        ...SECURITY_HEADERS,
      };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      socket.end([`HTTP/1.1 ${failure.status} Error`, ...lines, '', body].join('\r\n'));
    },
  });
  // Unknown expectations are ignored; Node would answer them with an empty 417.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  // Text bodies are CORS-simple requests, and no route accepts them; JSON is enabled by the one route that needs it.
  app.removeAllContentTypeParsers();
  const metrics = new Metrics();
  const jobs = createJobs(config, engine);
  // Before `drain`, which waits for requests that may wait for a job.
  app.addHook('preClose', async () => jobs.stop());
  const probes = new Probes();
  app.addHook('preClose', async () => probes.stop());
  app.addHook('onClose', async () => jobs.close());
  await app.register(countRequests, { metrics });
  await app.register(requestLog);
  await app.register(securityHeaders);
  await app.register(accessControl, { hostNames: config.hostNames, clients: new ClientBook(config.configDir) });
  await app.register(drain);
  await app.register(accepts);
  await app.register(multipart);

  app.setErrorHandler((error, request, reply) => {
    const failure = toAppError(error);
    if (failure.status >= 500 && failure.code !== 'QUEUE_FULL') request.log.error({ err: error, code: failure.code });
    return sendFailure(reply, failure);
  });
  app.setNotFoundHandler((request, reply) => {
    const url = request.url.split('?', 1)[0]!;
    const allowed = app.supportedMethods.filter((method) => app.hasRoute({ method, url }));
    if (allowed.length === 0) throw new AppError('NOT_FOUND');
    reply.header('allow', allowed.join(', '));
    throw new AppError('METHOD_NOT_ALLOWED');
  });

  await registerDocs(app);
  await registerPage(app, pageDir);
  registerHealth(app, engine, jobs);
  registerModels(app, engine, registry);
  if (shutdown) registerShutdown(app, shutdown);
  if (shutdown && desk) registerControl(app, { engine, registry, shutdown, desk });
  registerMetrics(app, engine, metrics);
  await registerProbe(app, probes);
  registerTunnel(app);
  const admission = new Admission(config.maxJobs, config.maxJobBytes);
  metrics.gauge('hairline_jobs', 'Pictures accepted and not answered yet.', () => admission.jobs);
  registerMattes(app, engine, admission, jobs, metrics);
  await registerEdge(app, engine, admission);
  registerJobs(app, jobs, metrics);
  const pin = publicAddresses(config.allowPrivateUrls ? { allows: () => true } : {});
  const http = createHttpClient(process.env);
  const fetchUrl = (url: string, signal: AbortSignal) =>
    fetchPicture(url, { http, signal, pin, maxBytes: MAX_URL_BYTES, timeout: URL_TIMEOUT_MS });
  await registerRemove(app, { engine, admission, jobs, metrics, fetchUrl });
  return app;
}

/** For a picture by its address, redirects included. */
const URL_TIMEOUT_MS = 30_000;

/** Milliseconds that a picture may be with such an engine: longer than any queue. */
const MAX_STAY = 24 * 60 * 60_000;

/** Known jobs, finished ones included. */
const MAX_JOBS_KNOWN = 64;

/** An engine with turns of its own gets every picture at once, and the time that it waits there is none of its work. */
function createJobs(config: Config, engine: Engine): Jobs {
  const { concurrency, maxJobs, maxJobTime, maxResultBytes, keepJobsFor } = config;
  const runner = new Runner(
    engine.placeOf ? { concurrency: 2 * maxJobs, maxTime: MAX_STAY } : { concurrency, maxTime: maxJobTime },
  );
  return new Jobs(runner, { maxJobs: MAX_JOBS_KNOWN, maxBytes: maxResultBytes, keepFor: keepJobsFor });
}

function sendFailure(reply: FastifyReply, failure: AppError): FastifyReply {
  if (failure.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  return reply.code(failure.status).send(failure.toBody());
}

/** Whether part of an answer has been sent: an error body would be appended to it. Node checks the same way. */
function answerHasBegun(socket: Duplex & { _httpMessage?: ServerResponse | null }): boolean {
  return socket._httpMessage?.headersSent ?? false;
}

/** Maps framework and parser errors to our error table. Unexpected ones are INTERNAL. */
function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new AppError('UNSUPPORTED_TYPE');
  if (code === 'FST_ERR_BAD_URL') return new AppError('BAD_REQUEST', 'The address is malformed.');
  if (statusCode === 413) return new AppError('BODY_TOO_LARGE');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new AppError('BAD_REQUEST', undefined, { cause: error });
  return new AppError('INTERNAL', undefined, { cause: error });
}
