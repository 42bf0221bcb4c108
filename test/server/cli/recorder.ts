import { PassThrough } from 'node:stream';
import { Terminal } from '../../../server/cli/terminal.ts';

/** A non-interactive terminal, and what was written to it. */
export function recordTerminal() {
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream;
  const text = { out: '', err: '' };
  const sink = (name: 'out' | 'err') =>
    new PassThrough().on('data', (chunk: Buffer) => {
      text[name] += chunk.toString('utf8');
    });
  const terminal = new Terminal({ stdin, stdout: sink('out'), stderr: sink('err') });
  return {
    terminal,
    get out() {
      return text.out;
    },
    get err() {
      return text.err;
    },
    get lines() {
      return text.out.split('\n').filter(Boolean);
    },
  };
}
