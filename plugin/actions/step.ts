import type { BatchOptions } from '../commands/batch.ts';
import { PluginError } from '../errors.ts';
import { readSettings } from '../settings/read-settings.ts';
import { SAVE_FORMATS } from '../settings/save-format.ts';
import { type Settings, withoutQuestions } from '../settings/settings.ts';

/** What Photoshop keeps of a recorded step besides its name: a descriptor, in a file that outlives updates of Hairline. */
export type StepInfo = Record<string, string | number>;

/** Ours among Photoshop's own keys, which must not be met by accident. */
const VERSION = 'com.hairline.version';
const SETTINGS = 'com.hairline.settings';
const BATCH = 'com.hairline.batch';

/** Incremented when a recorded value changes its meaning. A setting that a step does not mention has its default. */
const CURRENT = 1;

/** The settings travel as one text: what becomes of nested objects and of lists in a descriptor is not documented. */
export function writeStep(settings: Settings): StepInfo {
  return { [VERSION]: CURRENT, [SETTINGS]: JSON.stringify(withoutQuestions(settings)) };
}

/**
 * Reads a recorded step. Unknown settings are ignored; a known setting with an invalid value fails, because masks made
 * otherwise than recorded would be found too late.
 */
export function readStep(info: unknown): Settings {
  const { [VERSION]: version, [SETTINGS]: text } = asFields(info);
  if (typeof version !== 'number' || !(version >= 1) || typeof text !== 'string') throw broken('no settings');
  if (version > CURRENT) throw new PluginError('STEP_NEWER');
  const fields = parse(text);
  const settings = readSettings(fields);
  demandSame(fields, settings);
  demandSame(fields.edge === undefined ? {} : asFields(fields.edge), settings.edge);
  return withoutQuestions(settings);
}

/** What was recorded and is read as something else is something that we cannot make sense of. */
function demandSame(recorded: Fields, read: object): void {
  for (const [name, value] of Object.entries(read)) {
    const { [name]: was = value } = recorded;
    if (typeof value !== 'object' && was !== value) throw broken(`${name}: ${JSON.stringify(was)}`);
  }
}

/** A chosen folder lasts no longer than Photoshop runs, so a step saves beside the originals or not at all. */
export function writeBatchStep({ settings, redoMasked, save }: BatchOptions): StepInfo {
  const format = save?.folder === null ? save.format : null;
  return { ...writeStep(settings), [BATCH]: JSON.stringify({ redoMasked, format }) };
}

export function readBatchStep(info: unknown): BatchOptions {
  const settings = readStep(info);
  const { [BATCH]: text = '{}' } = asFields(info);
  const { redoMasked = false, format = null } = parse(String(text));
  if (typeof redoMasked !== 'boolean') throw broken(`redoMasked: ${JSON.stringify(redoMasked)}`);
  if (format === null) return { settings, redoMasked, save: null };
  const known = SAVE_FORMATS.find((one) => one === format);
  if (known === undefined) throw broken(`format: ${JSON.stringify(format)}`);
  return { settings, redoMasked, save: { format: known, folder: null } };
}

type Fields = Record<string, unknown>;

function asFields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw broken('no settings');
  return value as Fields;
}

function parse(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken('not JSON');
  }
  return asFields(value);
}

function broken(detail: string): PluginError {
  return new PluginError('STEP_BROKEN', {}, detail);
}
