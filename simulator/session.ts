import type { Boundary } from './realm.ts';

/** One plugin (or a test, for direct calls) as the modules see it. */
export interface PluginSession {
  readonly id: string;
  readonly boundary: Boundary;
  /** Where recordAction looks for handlers. */
  readonly globals: Record<string, unknown>;
  /** Uncaught errors of the plugin. */
  readonly errors: unknown[];
}
