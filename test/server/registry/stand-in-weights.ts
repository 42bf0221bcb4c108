import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { importGraphDef } from '../../../models/import/import-graph.ts';
import { gitBlobId, sha256 } from '../../../server/registry/install/checksum.ts';
import type { ModelSpec } from '../../../server/registry/spec/model-spec.ts';
import { builtInModelsDir } from '../../../server/registry/spec/spec-loader.ts';
import type { ModelHost } from './model-host.ts';

const fixtures = path.join(import.meta.dirname, '../../fixtures/tensorflow');

export const fixture = (name: string) => readFile(path.join(fixtures, name));
export const fixturePath = (name: string) => path.join(fixtures, name);

export const LISTING = '/api/v1/models/iic/cv_unet_image-matting/repo/files';
export const GRAPH = '/api/v1/models/iic/cv_unet_image-matting/repo?Revision=master&FilePath=tf_graph.pb';
export const conversion = (opset: number) =>
  `/jnulzl/cv_unet_image-matting/634fadc3268d8616b3ebfcdfb3452d3d053b1915/sim/cv_unet_image_matting_opset${opset}_output_float_mask.onnx`;
export const PICTURE = '/pictures/photo.png';
export const MATTE = '/pictures/photo.png_mask.png';

/** What `/repo/files` answers, with the fields that matter and one that does not. */
export const listing = (...files: object[]) =>
  Buffer.from(JSON.stringify({ Code: 200, Data: { Files: files }, Success: true }));

export const listed = (bytes: Uint8Array) => ({
  Name: 'tf_graph.pb',
  Path: 'tf_graph.pb',
  Size: bytes.length,
  Sha256: sha256(bytes),
  Type: 'blob',
});

/**
 * Publishes a stand-in for BSHM wherever the real spec looks for it: the TensorFlow graph at ModelScope, an open-sized
 * ONNX conversion of it at GitHub, and TensorFlow's own result for a photo as the published example.
 * @returns the folder with Hairline's spec, changed in addresses and checksums only
 */
export async function publishStandIn(host: ModelHost, folder: string, graph = 'bshm-legacy-fused'): Promise<string> {
  const pb = await fixture(`${graph}.pb`);
  const onnx = Buffer.from(importGraphDef(pb).onnx);
  const photo = await fixture('photo.png');
  const matte = await fixture(`${graph}.png`);
  host.files.set(LISTING, listing({ Path: 'assets', Type: 'tree', Sha256: '' }, listed(pb)));
  host.files.set(GRAPH, pb);
  for (const opset of [18, 11]) host.files.set(conversion(opset), onnx);
  host.files.set(PICTURE, photo).set(MATTE, matte);

  const text = await readFile(path.join(builtInModelsDir, 'bshm', 'model.json'), 'utf8');
  const spec = JSON.parse(text.replaceAll('https://raw.githubusercontent.com', host.url)) as ModelSpec;
  for (const source of spec.weights.sources) {
    if (source.type === 'http') source.files[0]!.gitBlob = gitBlobId(onnx);
  }
  const input = { url: host.url + PICTURE, bytes: photo.length, gitBlob: gitBlobId(photo) };
  const expected = { url: host.url + MATTE, bytes: matte.length, gitBlob: gitBlobId(matte) };
  spec.verify = { ...spec.verify!, pairs: [{ input, expected, channels: 'RGB' }] };
  await mkdir(path.join(folder, 'bshm'), { recursive: true });
  await writeFile(path.join(folder, 'bshm', 'model.json'), JSON.stringify(spec));
  return folder;
}
