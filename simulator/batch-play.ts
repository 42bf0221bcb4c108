import { commands } from './commands.ts';
import {
  type Descriptor,
  describeApplication,
  describeDocument,
  describeLayer,
  describeLayers,
  pick,
} from './descriptors.ts';
import { CommandError, HostError, notAvailable } from './errors.ts';
import { documentOf, layerOf, parseTarget } from './reference.ts';
import type { HostState } from './state.ts';

export interface BatchPlayOptions {
  synchronousExecution?: boolean;
  continueOnError?: boolean;
  immediateRedraw?: boolean;
  dialogOptions?: string;
}

const reads: Record<string, (host: HostState, d: Descriptor) => Descriptor> = { get, multiGet };

/** Invalid arguments throw; a command that fails answers {_obj:'error'} in its place and stops the list. */
export function batchPlay(host: HostState, list: unknown, options: BatchPlayOptions = {}): Descriptor[] {
  if (!Array.isArray(list)) throw new HostError('batchPlay: argument 1 must be an array', { kind: 'TypeError' });
  const out: Descriptor[] = [];
  for (const item of list) {
    const descriptor = plain(item);
    const name = descriptor._obj;
    if (typeof name !== 'string') throw new HostError('batchPlay: a descriptor needs _obj');
    const read = reads[name];
    if (read && host.faults.getsOutsideModalAlert && !host.modal.isInside) {
      host.raiseAlert(notAvailable('Get').message);
    }
    if (read) host.modal.requireNotCancelled();
    else host.modal.requireFor(name);
    try {
      const command = read ?? commands[name];
      if (!command) throw notAvailable(name);
      out.push(command(host, descriptor));
      if (!read) host.notify(name, descriptor);
    } catch (error) {
      if (!(error instanceof CommandError) || host.faults.batchPlayThrows) throw error;
      if (!isSilent(descriptor, options)) host.raiseAlert(error.message);
      out.push({ _obj: 'error', message: error.message, result: error.result });
      if (!options.continueOnError) break;
    }
  }
  return out;
}

/** `dontDisplay` may show a box for a command that fails; nothing at all means `silent`. */
function isSilent(descriptor: Descriptor, options: BatchPlayOptions): boolean {
  const own = (descriptor._options as { dialogOptions?: string } | undefined)?.dialogOptions;
  return [own, options.dialogOptions].every((asked) => asked === undefined || asked === 'silent');
}

/** Descriptors are data: a function in one is a mistake that Photoshop does not forgive either. */
function plain(value: unknown): Descriptor {
  try {
    return structuredClone(value) as Descriptor;
  } catch {
    throw new HostError('batchPlay: a descriptor must be plain data', { kind: 'TypeError' });
  }
}

function get(host: HostState, d: Descriptor): Descriptor {
  const target = parseTarget(d._target);
  if (target.application) return pick(describeApplication(host), target.property);
  const doc = documentOf(host, target);
  if (target.layer) return pick(describeLayer(host, doc, layerOf(doc, target.layer)), target.property);
  if (target.document) return pick(describeDocument(doc), target.property);
  throw notAvailable('Get');
}

/** extendedReference: [[properties], {_obj:'layer', index, count}?]; a range answers a list, bottom layer first. */
function multiGet(host: HostState, d: Descriptor): Descriptor {
  const target = parseTarget(d._target);
  const doc = documentOf(host, target);
  const [properties, range] = (d.extendedReference ?? []) as [string[]?, { index?: number; count?: number }?];
  if (!Array.isArray(properties)) throw notAvailable('multiGet');
  const strict = (d.options as { failOnMissingProperty?: boolean } | undefined)?.failOnMissingProperty === true;
  const chosen = (all: Descriptor) => {
    const out: Descriptor = {};
    for (const property of properties) if (strict || property in all) Object.assign(out, pick(all, property));
    return out;
  };
  if (range) {
    return { list: describeLayers(host, doc, range.index ?? 1, range.count ?? -1).map(chosen) };
  }
  if (target.layer) return chosen(describeLayer(host, doc, layerOf(doc, target.layer)));
  return chosen(describeDocument(doc));
}
