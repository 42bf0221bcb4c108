/** A line of the log as pino writes it. */
export interface LogRecord {
  level: number;
  /** Milliseconds since 1970. */
  time: number;
  msg?: string;
  err?: LoggedError;
  [field: string]: unknown;
}

export interface LoggedError {
  type?: string;
  code?: string;
  message?: string;
  stack?: string;
  cause?: LoggedError;
}

const LEVELS: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'error' };

/** A line as people read it: `14:03:22 info  POST /v1/mattes 200, 312 ms`. Only errors have stack traces. */
export function logText(record: LogRecord): string {
  const { level, time, msg = '', err, method, route, status, ms, ...rest } = record;
  const request = method === undefined ? msg : `${method} ${route} ${status}, ${ms} ms`;
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${show(value)}`);
  const head = `${clock(time)} ${(LEVELS[level] ?? String(level)).padEnd(5)} ${[request, ...fields].filter(Boolean).join(' ')}`;
  return err ? `${head}${errorText(err, level >= 50)}` : head;
}

/** The same for a line of the file; one that is not JSON, as after a crash, is unchanged. */
export function logTextOf(line: string): string {
  try {
    const record = JSON.parse(line) as LogRecord | null;
    return typeof record?.time === 'number' ? logText(record) : line;
  } catch {
    return line;
  }
}

function errorText({ message, code, stack, cause }: LoggedError, traced: boolean): string {
  const trace =
    traced && stack
      ? stack
          .split('\n')
          .slice(1)
          .map((line) => `\n         ${line.trim()}`)
          .join('')
      : '';
  const because = cause ? `\n         because${errorText(cause, traced)}` : '';
  return `: ${message}${code ? ` (${code})` : ''}${trace}${because}`;
}

function show(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}

/** Local date and time. */
function clock(time: number): string {
  const date = new Date(time);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
