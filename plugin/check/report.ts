import type { ProbeKey } from '../../words/panel/keys.ts';
import type { HostFacts } from '../host/host-facts.ts';
import type { HostProfile } from '../host-profile.ts';
import type { Outcome, Seen } from './probe.ts';

/** Raised when what is kept could be misread. */
const FORMAT = 1;

/** All that was found out about this Photoshop. */
export interface Report {
  readonly facts: HostFacts;
  readonly outcomes: readonly Outcome[];
  /** The probe that is being asked; if the file says so, Photoshop crashed over it. */
  readonly running: ProbeKey | null;
  readonly profile: HostProfile;
}

/** @param home the user's home folder, of which nothing may get in */
export function toJson(report: Report, home: string): string {
  const outcomes = report.outcomes.map((outcome) => ({ ...outcome, seen: clean(outcome.seen, home) }));
  const { emptyWords } = report.profile;
  const profile = { ...report.profile, emptyWords: withoutPaths(emptyWords, home) };
  return JSON.stringify({ format: FORMAT, ...report, outcomes, profile }, null, 2);
}

/** The same for people; in English, for the maintainers who read it. */
export function toText({ facts, outcomes, profile }: Report, home: string): string {
  const told = (value: unknown) => JSON.stringify(clean(value as Seen, home));
  const table = (values: object) => Object.entries(values).map(([name, value]) => `${name}: ${told(value)}`);
  const lines = outcomes.map(({ id, end, expected, milliseconds, seen }) => {
    const verdict = end === 'answered' ? (expected ? 'as expected' : 'differs') : end;
    return `${id}: ${verdict}, ${milliseconds} ms: ${told(seen)}`;
  });
  const expected = outcomes.filter((outcome) => outcome.expected).length;
  return [
    'Hairline: check of this Photoshop',
    '',
    ...table(facts),
    '',
    `${expected} of ${outcomes.length} as expected`,
    ...lines,
    '',
    'What Hairline does because of it',
    ...table(profile),
    '',
  ].join('\n');
}

/** Parses what was kept, and answers with the outcomes of a check of the same host, one of which may be a crash. */
export function readOutcomes(kept: string, facts: HostFacts): Outcome[] {
  let report: (Partial<Report> & { format?: number }) | null;
  try {
    report = JSON.parse(kept);
  } catch {
    return [];
  }
  if (report?.format !== FORMAT || !Array.isArray(report.outcomes) || !isSameHost(report.facts, facts)) return [];
  const { outcomes, running } = report as Report;
  if (!running) return [...outcomes];
  const crash: Outcome = { id: running, end: 'crashed', seen: null, expected: false, milliseconds: 0 };
  return [...outcomes.filter(({ id }) => id !== running), crash];
}

function isSameHost(kept: HostFacts | undefined, { photoshop, system, hairline }: HostFacts): boolean {
  return kept?.photoshop === photoshop && kept.system === system && kept.hairline === hairline;
}

/** Words of Photoshop may name files, and so the user. */
function clean(value: Seen, home: string): Seen {
  if (typeof value === 'string') return withoutPaths(value, home);
  if (Array.isArray(value)) return value.map((one: Seen) => clean(one, home));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, clean(one as Seen, home)]));
}

/** A path may have spaces, so all that follows goes too. Addresses of the server stay: the network probes are about them. */
const PATHS =
  /(?:file:\/*)?(?:(?<![a-z])[a-z]:[\\/]|\\\\|~[\\/]|\/(?:Users|home|Volumes|private|var|tmp)\/)[^"'<>|\n]*/gi;

function withoutPaths(text: string, home: string): string {
  const user = home.split(/[\\/]/).pop() ?? '';
  const plain = text
    .split(home === '' ? '\0' : home)
    .join('~')
    .replace(PATHS, '(a path)');
  if (user === '') return plain;
  const name = user.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return plain.replace(new RegExp(`(?<![\\p{L}\\p{N}])${name}(?![\\p{L}\\p{N}])`, 'giu'), '(the user)');
}
