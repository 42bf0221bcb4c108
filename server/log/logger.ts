import { type Logger, multistream, pino, type StreamEntry } from 'pino';
import type { Config, LogLevel } from '../config/config.ts';
import { LogFile } from './log-file.ts';
import { type LoggedError, type LogRecord, logText } from './log-text.ts';
import { hideSecrets, redact } from './redact.ts';

export interface LoggerOptions {
  /** Destination of terminal lines: readable text on a terminal, else JSON. */
  terminal?: { write(text: string): unknown; isTTY?: boolean };
  /** Called once when the file cannot be written, with a sentence. */
  onFailure?: (sentence: string) => void;
}

/**
 * Events go to the terminal and, as JSON, to the user's log folder, each with its own level. No token, path or user
 * name gets into either: `hideSecrets` filters every string of every line.
 */
export function createLogger(
  { logLevel, logFileLevel, logDir }: Pick<Config, 'logLevel' | 'logFileLevel' | 'logDir'>,
  { terminal = process.stdout, onFailure = () => undefined }: LoggerOptions = {},
): Logger {
  const failed = (code: string) => onFailure(`Cannot write the log in ${logDir} (${code}); continuing without it.`);
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

/** Routes are declared by us, but would be redacted as paths. */
function clean({ route, ...record }: LogRecord, hide: (text: string) => string): LogRecord {
  return { ...redact(record as LogRecord, hide), ...(route !== undefined && { route }) };
}

/** Of an error's properties, which include paths and arguments, only the code is logged. */
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
