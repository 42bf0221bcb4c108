import { type Logger, pino } from 'pino';
import type { LogLevel } from './config.ts';

/**
 * One line of JSON per event on standard output; readable lines when a person is watching. Requests are logged with
 * method, route and status only: query strings and headers may hold what is none of a log's business.
 */
export function createLogger(level: LogLevel): Logger {
  return pino({
    level,
    base: null,
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, path: url.split('?', 1)[0] }),
      res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
    },
    ...(process.stdout.isTTY && {
      transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname,reqId', translateTime: 'SYS:HH:MM:ss' } },
    }),
  });
}
