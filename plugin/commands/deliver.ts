import type { EditScope, Host } from '../host/host.ts';
import type { Alpha } from '../picture.ts';
import type { Settings } from '../settings/settings.ts';
import { combineMasks } from './combine-masks.ts';
import { placeAlpha } from './place-alpha.ts';
import { checkStill, type PutMask, putMask } from './put-mask.ts';
import type { Edged } from './run.ts';

export interface Delivered {
  edged: Edged;
  /** Of the layer that the user finds the result on. */
  layerName: string;
  put: PutMask | null;
}

/** Gives the document what was asked for: all of it, or, by throwing, nothing. */
export async function deliver(
  host: Host,
  scope: EditScope,
  found: readonly Edged[],
  settings: Settings,
): Promise<Delivered[]> {
  // Before the first change: a group does not look the same once a layer in it has a mask.
  const stills = [];
  for (const edged of found) stills.push({ edged, now: await checkStill(host, scope, edged, settings) });
  const delivered: Delivered[] = [];
  let selection: Alpha | null = null;
  for (const { edged, now } of stills) {
    const { document, left, top, alpha } = edged;
    let layerName = now?.layerName ?? document.documentName;
    let put: PutMask | null = null;
    if (settings.delivery === 'selection') {
      const placed = placeAlpha(alpha, left, top, document.width, document.height);
      selection = selection === null ? placed : combineMasks('add', selection, placed, edged);
    } else if (settings.delivery === 'channel') {
      layerName = await scope.addChannel(placeAlpha(alpha, left, top, document.width, document.height));
    } else if (settings.delivery === 'layer') {
      layerName = await scope.addCutout(edged.job.source, edged.colors!);
    } else if (now !== null) {
      put = await putMask(host, scope, edged, now, settings);
      layerName = put.facts.layerName;
      const { decontaminate } = settings.edge;
      if (edged.colors !== null && decontaminate > 0) {
        await scope.addColors(put.facts.target, edged.colors, decontaminate);
        const { source } = edged.job;
        if (source.layerId === null) put = { ...put, thumbnail: await scope.readThumbnail(source, edged.region) };
      }
    }
    delivered.push({ edged, layerName, put });
  }
  if (selection !== null) await scope.select(selection);
  return delivered;
}
