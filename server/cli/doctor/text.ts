import type { Attempt } from '../../inference/choose-session.ts';
import { labelOf, nameOf } from '../../inference/execution-providers.ts';
import type { Provider } from '../../inference/session.ts';
import { formatBytes } from '../terminal.ts';
import type { MatteReport, ModelReport, PortReport, SystemReport } from './report.ts';

/** What is known before a network runs. Printed first, in case the rest crashes the process. */
export function writeSystem(report: SystemReport): string[] {
  const { versions, system, processor, memory, graphics, folders, settings } = report;
  return [
    row('Hairline', versions.hairline),
    row('Node', versions.node),
    row('ONNX Runtime', versions.onnxruntime),
    row('sharp', `${versions.sharp}, libvips ${versions.libvips}`),
    row('System', `${system.name}, ${system.arch}, ${system.release}`),
    row('Processor', `${processor.name}, ${count(processor.cores, 'core')}`),
    row('Memory', `${gigabytes(memory.total)}, ${gigabytes(memory.free)} free`),
    row('Graphics', graphics.length === 0 ? 'none found' : graphics.map(card).join('; ')),
    row('Cache folder', folders.cache),
    row('Config folder', folders.config),
    row('Settings', `device ${settings.device}${settings.strict ? ', strict' : ''}, model ${settings.model}`),
    ...report.ports.map((port, i) => row(i === 0 ? 'Ports' : '', describePort(port))),
  ];
}

export function writeModels(models: readonly ModelReport[]): string[] {
  const width = Math.max(...models.map(({ id }) => id.length));
  return [
    '',
    'Models',
    ...models.map((model) => {
      const state =
        model.state === 'installed'
          ? `${formatBytes(model.bytes)}, checksum ok (sha256 ${model.sha256.slice(0, 16)})`
          : model.state;
      return `  ${model.id.padEnd(width)}  ${model.name}, ${model.license}: ${state}${model.default ? ', default' : ''}`;
    }),
  ];
}

export function writeMatte({ model, attempts, reason, matte, error }: MatteReport): string[] {
  const lines: string[] = [];
  if (attempts.length > 0)
    lines.push('', `Execution providers, tried with ${model}`, ...attempts.flatMap(writeAttempt));
  lines.push('', 'Test matte');
  if (matte) {
    const stages = Object.entries(matte.timings).map(([stage, ms]) => `${stage} ${Math.round(ms)}`);
    lines.push(
      `  ${matte.width} x ${matte.height} pixels in ${seconds(matte.total)} (ms: ${stages.join(', ')})`,
      `  the drawn person covers ${Math.round(matte.covered * 100)} % of it`,
      '',
      `Masks can be made. ${labelOf(matte.provider as Provider)}. ${reason ?? ''}`.trimEnd(),
    );
  }
  if (error) {
    lines.push('  none', '', `Masks cannot be made. ${error.message}`);
    if (error.detail && !attempts.some(({ detail }) => detail === error.detail)) lines.push(`  ${error.detail}`);
  }
  return lines;
}

function writeAttempt({ provider, outcome, reason, detail, load, run, difference }: Attempt): string[] {
  const times = [
    load === null ? '' : `loaded in ${seconds(load)}`,
    run === null ? '' : `first run ${seconds(run)}`,
    difference === null ? '' : `mean difference from the CPU ${difference.mean.toFixed(5)}`,
  ].filter(Boolean);
  const line = `  ${nameOf(provider).padEnd(8)}  ${[outcome, ...times].join(', ')}${reason ? `: ${reason}` : ''}`;
  return detail ? [line, `            ${detail}`] : [line];
}

function describePort({ port, state, version, ready }: PortReport): string {
  if (state !== 'hairline') return `${port} ${state === 'free' ? 'free' : 'taken by another program'}`;
  const on = ready?.provider ? ` on ${ready.provider}` : '';
  const how = ready ? `, model ${ready.model} ${ready.state}${on}${ready.reason ? ` (${ready.reason})` : ''}` : '';
  return `${port} Hairline ${version}${how}`;
}

const row = (name: string, value: string) => `${name.padEnd(13)} ${value}`;
const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GB`;
const seconds = (ms: number) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
const card = ({ name, driver }: { name: string; driver: string }) => (driver ? `${name}, driver ${driver}` : name);
