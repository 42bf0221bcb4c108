/** What a client prefers, in the words of RFC 7240; everything else is ignored, as it says. */
export interface Preferences {
  respondAsync: boolean;
  /** Seconds. */
  wait: number | null;
}

/** A day: longer than any picture takes, and short enough for a timer. */
const MAX_WAIT = 86_400;

/** Reads a `Prefer` header. Of a preference that is told twice, the first one counts. */
export function parsePrefer(header: string | string[] | undefined): Preferences {
  const told = new Map<string, string>();
  for (const part of [header ?? []].flat().join(',').split(',')) {
    const [, name, value = ''] = /^\s*([\w-]+)\s*(?:=\s*"?([^";]*)"?)?/.exec(part) ?? [];
    if (name && !told.has(name.toLowerCase())) told.set(name.toLowerCase(), value.trim());
  }
  const wait = told.get('wait') ?? '';
  return {
    respondAsync: told.has('respond-async'),
    wait: /^\d{1,9}$/.test(wait) ? Math.min(Number(wait), MAX_WAIT) : null,
  };
}
