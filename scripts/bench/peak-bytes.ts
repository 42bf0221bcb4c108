import type { RunningServer } from '../../server/main.ts';

/** The most memory that this process and the one it works with ever had; not at the same time perhaps. */
export function peakBytes(server?: RunningServer): number {
  // maxRSS is in kilobytes on every platform (Node documentation, process.resourceUsage).
  return process.resourceUsage().maxRSS * 1024 + (server?.engine.usage?.peak ?? 0);
}
