import accepts from '@fastify/accepts';
import multipart from '@fastify/multipart';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { type ErrorCode, RETRY_AFTER_SECONDS } from '../protocol/errors.ts';
import { MAX_BODY_BYTES } from '../protocol/limits.ts';
import { Admission } from './admission.ts';
import type { Config } from './config.ts';
import { doors } from './doors.ts';
import { AppError } from './errors.ts';
import type { MatteService } from './matting/service.ts';
import { registerHealth } from './routes/health.ts';
import { registerMattes } from './routes/mattes.ts';
import { registerModels } from './routes/models.ts';

export interface AppDependencies {
  config: Config;
  mattes: MatteService;
  logger?: FastifyBaseLogger;
}

/** The whole HTTP side, wired but not listening. */
export async function buildApp({ config, mattes, logger }: AppDependencies): Promise<FastifyInstance> {
  const app = Fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: config.requestTimeout,
    // A client that stops reading its answer must not keep its place for ever.
    connectionTimeout: 5 * 60_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    // Unknown parameters are refused, not dropped: a typing error would otherwise silently change the result.
    ajv: { customOptions: { removeAdditional: false } },
    clientErrorHandler(error, socket) {
      const code: ErrorCode =
        error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? 'REQUEST_TIMEOUT'
          : error.code === 'HPE_HEADER_OVERFLOW'
            ? 'HEADERS_TOO_LARGE'
            : 'BAD_REQUEST';
      if (!socket.writable) return void socket.destroy();
      const failure = new AppError(code);
      const body = JSON.stringify(failure.toBody());
      socket.end(
        `HTTP/1.1 ${failure.status} Error\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  });
  // JSON and text bodies are simple cross-site requests, and no route takes them.
  app.removeAllContentTypeParsers();
  await app.register(doors);
  await app.register(accepts);
  await app.register(multipart);

  app.setErrorHandler((error, request, reply) => {
    const failure = toAppError(error);
    if (failure.status >= 500 && failure.code !== 'QUEUE_FULL') request.log.error({ err: error, code: failure.code });
    if (failure.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
    return reply.code(failure.status).send(failure.toBody());
  });
  app.setNotFoundHandler(() => {
    throw new AppError('NOT_FOUND');
  });

  registerHealth(app, mattes);
  registerModels(app, mattes);
  registerMattes(app, mattes, new Admission(config.maxJobs, config.maxJobBytes));
  return app;
}

/** Framework and parser errors in the words of our own table. What nobody foresaw is INTERNAL. */
function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code, statusCode, message } = error as { code?: string; statusCode?: number; message?: string };
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new AppError('UNSUPPORTED_TYPE');
  if (statusCode === 413) return new AppError('BODY_TOO_LARGE');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new AppError('BAD_REQUEST', message);
  return new AppError('INTERNAL', undefined, { cause: error });
}
