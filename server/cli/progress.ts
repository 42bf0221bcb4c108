import { SingleBar } from 'cli-progress';
import type { PullProgress } from '../registry/pull.ts';
import { formatBytes, type Terminal } from './terminal.ts';

export interface Progress {
  update(done: number, total: number, label: string): void;
  stop(): void;
}

/** A progress bar that redraws itself. Disabled when the output is a file or a pipe: there the caller prints lines. */
export function createBar(terminal: Terminal, format: string): Progress {
  if (!terminal.animated) return { update() {}, stop() {} };
  const bar = new SingleBar({
    format,
    stream: terminal.streams.stderr,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    barCompleteChar: '#',
    barIncompleteChar: '.',
    barsize: 28,
    linewrap: false,
  });
  let started = false;
  return {
    update(done, total, label) {
      if (!started) bar.start(total, done, { label });
      started = true;
      bar.setTotal(total);
      bar.update(done, { label });
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

const PHASES = { download: 'Downloading', verify: 'Checking', convert: 'Converting' } as const;

/** Shows a model download: a bar on a terminal, otherwise a line every ten percent. */
export function pullProgress(terminal: Terminal): { onProgress: (p: PullProgress) => void; stop: () => void } {
  const bar = createBar(terminal, '{label} [{bar}] {percentage}%');
  let last = '';
  return {
    onProgress({ phase, done, total }) {
      const fraction = total > 0 ? done / total : 0;
      const label = `${PHASES[phase]} ${formatBytes(total)}`;
      bar.update(done, total, label);
      const line = phase === 'download' ? `${label}: ${Math.floor(fraction * 10) * 10}%` : label;
      if (!terminal.animated && line !== last) terminal.say(line);
      last = line;
    },
    stop: bar.stop,
  };
}
