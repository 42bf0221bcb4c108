import { freeGrid } from '../../../models/import/free-grid.ts';
import { importGraphDef, importTfjsModel, UnsupportedOpError } from '../../../models/import/import-graph.ts';
import { fitInterface, InterfaceError } from '../../../models/import/onnx-interface.ts';
import { decodeOnnx, encodeOnnx, type OnnxModel } from '../../../models/import/onnx-schema.ts';
import { fixInputs, keepOutputs, widenFloat16 } from '../../../models/import/onnx-surgery.ts';
import type { ModelSpec } from '../spec/model-spec.ts';
import type { Derivation } from '../spec/source-spec.ts';

type ImportStep = Extract<Derivation, { step: `import-${string}` }>;

/** The file could not be turned into the model that the spec describes. The message says why, in plain words. */
export class CannotConvert extends Error {}

/**
 * Turns published files into the ONNX file that is installed. The same files and steps always give the same bytes.
 * @throws {CannotConvert}
 */
export function derive(files: readonly Uint8Array[], steps: readonly Derivation[], spec: ModelSpec): Uint8Array {
  const [first] = files;
  if (!first) throw new CannotConvert('there is no file');
  if (steps.length === 0) return first;
  try {
    let model: OnnxModel | undefined;
    for (const step of steps) {
      model = isImport(step)
        ? importGraph(files, step, candidatesOf(steps))
        : applyStep(model ?? decodeOnnx(first), step, spec);
    }
    return encodeOnnx(model!);
  } catch (error) {
    const { message } = error as Error;
    const reason = error instanceof InterfaceError ? `it does not fit: ${message}` : message.replace(/\.$/, '');
    throw new CannotConvert(reason, { cause: error });
  }
}

function isImport(step: Derivation): step is ImportStep {
  return step.step.startsWith('import-');
}

/** @param candidates names that the wanted output may have */
function importGraph(files: readonly Uint8Array[], step: ImportStep, candidates: readonly string[]): OnnxModel {
  try {
    return importWith(files, step);
  } catch (error) {
    if (!(error instanceof UnsupportedOpError) || step.outputs) throw error;
    // What cannot be converted may belong to an output that is not needed.
    for (const name of candidates) {
      try {
        return importWith(files, { ...step, outputs: [name] });
      } catch {
        // The graph has no such output, or needs the operation for it: the first error says more.
      }
    }
    throw error;
  }
}

function importWith([first, ...rest]: readonly Uint8Array[], { step, ...options }: ImportStep): OnnxModel {
  if (step === 'import-tensorflow') return decodeOnnx(importGraphDef(first!, options).onnx);
  const json = JSON.parse(Buffer.from(first!).toString('utf8')) as object;
  return decodeOnnx(importTfjsModel(json, new Uint8Array(Buffer.concat(rest)), options).onnx);
}

function candidatesOf(steps: readonly Derivation[]): readonly string[] {
  return steps.flatMap((step) => (step.step === 'fit-interface' ? (step.outputs ?? []) : []));
}

function applyStep(model: OnnxModel, step: Exclude<Derivation, ImportStep>, spec: ModelSpec): OnnxModel {
  switch (step.step) {
    case 'keep-outputs':
      return keepOutputs(model, step.outputs);
    case 'widen-float16':
      return widenFloat16(model);
    case 'fix-inputs':
      return fixInputs(model, step.constants);
    case 'free-grid':
      return freeGrid(model, spec.input.name, step.side);
    case 'fit-interface':
      return fitInterface(model, interfaceOf(spec, step.outputs));
  }
}

function interfaceOf({ input, output }: ModelSpec, candidates: readonly string[] = []) {
  const { width, height } = input;
  const shape = input.layout === 'NCHW' ? [1, 3, height, width] : [height, width, 3];
  return { input: { name: input.name, shape }, output: { name: output.name, width, height, candidates } };
}
