import path from 'node:path';
import type { Offer } from '../../registry/sources/offer.ts';
import type { ModelSpec } from '../../registry/spec/model-spec.ts';
import { bytesOfSource, nameOfSource } from '../../registry/spec/source-spec.ts';
import { describeDownload, pullModel } from '../matte/connect.ts';
import { EXIT, formatBytes, UsageError } from '../terminal.ts';
import { type ModelsContext, notesOn, stateOf } from './state.ts';

/** Downloads up to this size start without confirmation. */
const SMALL_BYTES = 50_000_000;

export async function pull(
  id: string,
  { force = false, yes = false }: { force?: boolean; yes?: boolean },
  { config, terminal, registry }: ModelsContext,
  signal: AbortSignal,
): Promise<number> {
  const spec = registry.resolve(id);
  if (!force && (await stateOf(registry, spec)).state === 'installed') {
    terminal.say(`${spec.name} is downloaded already. Use --force to download it again.`);
    return EXIT.ok;
  }
  // Firewalled servers time out slowly, so show what is happening.
  terminal.say(`Looking for ${spec.name} …`);
  const offer = await registry.offer(spec, signal);
  terminal.say(describeDownload(spec, offer?.bytes ?? null));
  for (const line of describeSources(spec, offer)) terminal.say(line);
  terminal.say(`License: ${spec.license.spdx}, ${spec.license.url}`);
  for (const note of notesOn(spec)) terminal.say(note);
  // Without an offer there is nothing to confirm; the download then reports the error of every source.
  const small = !offer || (offer.bytes !== null && offer.bytes <= SMALL_BYTES);
  if (!yes && !small) {
    if (!terminal.interactive) throw new UsageError('Not an interactive terminal. Pass --yes to confirm the download.');
    if (!(await terminal.confirm('Download it now?', signal))) return EXIT.failed;
  }
  await pullModel(registry, spec, terminal, signal, force);
  terminal.say(`${spec.name} is ready, in ${config.cacheDir}`);
  return EXIT.ok;
}

/** The source to be used, and the fallback, which may be a much larger download. */
function describeSources({ weights }: ModelSpec, offer: Offer | null): string[] {
  const others = weights.sources.filter((source) => nameOfSource(source) !== offer?.source);
  const lines = others.map((source) => {
    const bytes = bytesOfSource(source);
    return `Otherwise: ${nameOfSource(source)}${bytes === null ? '' : `, ${formatBytes(bytes)}`}`;
  });
  return offer ? [`Source: ${offer.source}`, ...lines] : [];
}

export async function addModel(file: string, id: string, { config, terminal, registry }: ModelsContext): Promise<void> {
  const spec = registry.resolve(id);
  await registry.add(spec, path.resolve(file));
  const manifest = await registry.manifest(spec);
  const size = manifest ? ` (${formatBytes(manifest.bytes)})` : '';
  terminal.say(`${spec.name} is installed from ${path.basename(file)}${size}, in ${config.cacheDir}`);
  if (spec.verify) terminal.say(`To check that it is the genuine model: hairline models verify ${spec.id}`);
}
