import { readFile } from 'node:fs/promises';
import { inspectResult } from '../../imaging/inspect-result.ts';
import type { Provenance } from '../../imaging/metadata/provenance.ts';
import { planViews } from '../../matting/views.ts';
import type { ModelRegistry } from '../../registry/model-registry.ts';
import { VERSION } from '../../system/package-root.ts';
import type { Wanted } from './connect.ts';
import type { Connection } from './connection.ts';
import { type Job, largePath } from './plan.ts';

/** A result that is not made again. */
export interface KeptResult {
  path: string;
  reason: string;
}

export interface Older {
  /** Those whose results are missing, or were made by other models or an earlier version. */
  jobs: Job[];
  /** Results that someone may have worked on. */
  kept: KeptResult[];
}

/** @param model ids of what would run now, joined by `+` */
export async function chooseOlder(jobs: readonly Job[], model: string): Promise<Older> {
  const older: Older = { jobs: [], kept: [] };
  for (const job of jobs) {
    const kept: KeptResult[] = [];
    let isOlder = false;
    for (const { path } of job.files) {
      const found = (await readThere(path)) ?? (await readThere(largePath(path)));
      if (!found) {
        isOlder = true;
        continue;
      }
      const result = await inspectResult(found.bytes);
      if (!result) kept.push({ path: found.path, reason: 'It does not say how it was made, and stays.' });
      else if (!result.isUntouched)
        kept.push({ path: found.path, reason: 'It was changed since it was made, and stays.' });
      else if (isOutdated(result.provenance, model)) isOlder = true;
    }
    // All files of a picture belong together: none is renewed beside one that stays.
    if (kept.length > 0) older.kept.push(...kept);
    else if (isOlder) older.jobs.push(job);
  }
  return older;
}

async function readThere(path: string): Promise<{ path: string; bytes: Buffer } | null> {
  return readFile(path).then(
    (bytes) => ({ path, bytes }),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    },
  );
}

function isOutdated({ version, model: made }: Provenance, model: string): boolean {
  return made !== model || version.localeCompare(VERSION, 'en', { numeric: true }) < 0;
}

/** What a server would run now: as {@link planViews} plans it, of the models that it has. */
export async function predictModel(
  connection: Connection,
  registry: ModelRegistry,
  { model, subject, refine }: Wanted,
): Promise<string> {
  if (model !== 'auto') return model;
  const models = await connection.models();
  const has = (id: string) =>
    models.some((one) => one.id === id && one.state !== 'missing' && one.state !== 'downloading');
  const id = (subject === 'portrait' && models.find((one) => one.default)?.id) || registry.resolve('auto', subject).id;
  const plans = [refine, 'fast' as const].map((how) => planViews(id, subject, how).map((view) => view.model));
  return (plans.find((plan) => plan.every(has)) ?? [id]).join('+');
}
