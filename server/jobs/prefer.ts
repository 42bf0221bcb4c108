/** A client's preferences (RFC 7240); unknown ones are ignored, as it specifies. */
export interface Preferences {
  respondAsync: boolean;
  /** Seconds. */
  wait: number | null;
}

/** A day: longer than any picture takes, and short enough for a timer. */
const MAX_WAIT = 86_400;

/** Parses a `Prefer` header. When a preference is repeated, the first one counts. */
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
