import path from 'node:path';
import { starter } from '../../system/package-root.ts';

/** Settings of this shell's environment that a program started by the system would not inherit. */
const PASSED_ON = {
  HAIRLINE_PORT: '--port',
  HAIRLINE_MODEL: '--model',
  HAIRLINE_DEVICE: '--device',
  HAIRLINE_THREADS: '--threads',
  HAIRLINE_CACHE: '--cache-dir',
  HAIRLINE_CONFIG: '--config-dir',
  HAIRLINE_LOG_DIR: '--log-dir',
} as const;

/**
 * The full `hairline serve` command: absolute, because the system starts it in another folder and with another PATH.
 */
export function serveCommand(env: NodeJS.ProcessEnv, ...options: string[]): string[] {
  const settings = Object.entries(PASSED_ON).flatMap(([variable, flag]) => {
    const value = env[variable];
    if (!value) return [];
    return [flag, flag.endsWith('-dir') ? path.resolve(value) : value];
  });
  return [starter.node, starter.script, 'serve', ...options, ...settings];
}
