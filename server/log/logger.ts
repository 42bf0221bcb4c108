import { type Logger, multistream, pino, type StreamEntry } from 'pino';
import type { Config, LogLevel } from '../config/config.ts';
import { LogFile } from './log-file.ts';
import { type LoggedError, type LogRecord, logText } from './log-text.ts';
import { hideSecrets, redact } from './redact.ts';

export interface LoggerOptions {
  /** Where the terminal's lines go; readable ones where a person is watching, else JSON. */
  terminal?: { write(text: string): unknown; isTTY?: boolean };
  /** Called once when the file cannot be written, with a sentence. */
  onFailure?: (sentence: string) => void;
}

/**
 * Events go to the terminal and, as JSON, to the user's log folder, each from its own level on. Whatever is logged, no
 * token, no path and no name of a user gets into either: `hideSecrets` sees every string of every line.
 */
export function createLogger(
  { logLevel, logFileLevel, logDir }: Pick<Config, 'logLevel' | 'logFileLevel' | 'logDir'>,
  { terminal = process.stdout, onFailure = () => undefined }: LoggerOptions = {},
): Logger {
  const failed = (code: string) => onFailure(`The log in ${logDir} cannot be written (${code}); it goes on without.`);
  const file = new LogFile(logDir, failed);
  const hide = hideSecrets();
  const streams: StreamEntry[] = [];
  const add = (level: LogLevel, write: (record: LogRecord) => void) => {
    if (level === 'silent') return;
    streams.push({ level, stream: { write: (line) => write(clean(JSON.parse(line) as LogRecord, hide)) } });
  };
  add(logLevel, (record) => terminal.write(`${terminal.isTTY ? logText(record) : JSON.stringify(record)}\n`));
  add(logFileLevel, (record) => file.write(`${JSON.stringify(record)}\n`));
  if (streams.length === 0) return pino({ level: 'silent' });
  const serializers = { err: (error: unknown) => describeError(error) };
  const level = streams.some(({ level }) => level === 'debug') ? 'debug' : 'info';
  return pino({ level, base: null, serializers }, multistream(streams));
}

/** A route is ours, and would be taken for a path. */
function clean({ route, ...record }: LogRecord, hide: (text: string) => string): LogRecord {
  return { ...redact(record as LogRecord, hide), ...(route !== undefined && { route }) };
}

/** Of the properties that errors carry, paths and arguments among them, only the code. */
function describeError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: name,
    ...(code !== undefined && { code: String(code) }),
    message,
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && { cause: describeError(cause) }),
  };
}
