import { describe, expect, it } from 'vitest';
import { type OpenSteps, openPage } from '../../../server/cli/open.ts';
import { openCommand } from '../../../server/cli/open-with.ts';
import { VERSION } from '../../../server/system/package-root.ts';
import { recordTerminal } from './recorder.ts';

const url = 'http://127.0.0.1:7866/#ticket=x';

async function open(steps: Partial<OpenSteps>) {
  const recorder = recordTerminal();
  const commands: string[][] = [];
  const all: OpenSteps = {
    find: async () => url,
    findOlder: async () => null,
    stop: () => Promise.reject(new Error('stopped')),
    start: async () => 0,
    run: async (program, args) => {
      commands.push([program, ...args]);
      return { code: 0, output: '' };
    },
    platform: 'linux',
    env: {},
    ...steps,
  };
  return { code: await openPage(all, recorder.terminal), commands, err: recorder.err };
}

describe('hairline open', () => {
  it('shows the page of the server that is running', async () => {
    const start = () => Promise.reject(new Error('started a second one'));
    expect(await open({ start })).toEqual({ code: 0, commands: [['xdg-open', url]], err: '' });
  });

  it('starts the server first where none is running', async () => {
    let running = false;
    const find = async () => (running ? url : null);
    const start = async () => {
      running = true;
      return 0;
    };
    expect(await open({ find, start })).toMatchObject({ code: 0, commands: [['xdg-open', url]] });
  });

  it('replaces a server of an older version, as after a newer app was put in its place', async () => {
    let running = '0.0.1';
    const answer = await open({
      find: async () => (running ? url : null),
      findOlder: async () => (running === '0.0.1' ? running : null),
      stop: async () => {
        running = '';
        return 0;
      },
      start: async () => {
        running = VERSION;
        return 0;
      },
    });
    expect(answer).toMatchObject({ code: 0, commands: [['xdg-open', url]] });
    expect([running, answer.err]).toEqual([VERSION, `Hairline 0.0.1 is running. ${VERSION} takes its place.\n`]);
  });

  it('shows the page of an older one that does not stop', async () => {
    const answer = await open({ findOlder: async () => '0.0.1', stop: async () => 1 });
    expect(answer).toMatchObject({ code: 0, commands: [['xdg-open', url]] });
  });

  it('opens nothing when the server does not start', async () => {
    expect(await open({ find: async () => null, start: async () => 1 })).toMatchObject({ code: 1, commands: [] });
  });

  it('names the address where no browser can be opened', async () => {
    const run = async () => ({ code: null, output: 'ENOENT' });
    expect(await open({ run })).toMatchObject({ code: 1, err: expect.stringContaining(url) });
  });
});

it.each([
  ['darwin', ['/usr/bin/open', url]],
  ['linux', ['xdg-open', url]],
  ['win32', ['D:\\Windows\\System32\\rundll32.exe', 'url.dll,FileProtocolHandler', url]],
] as const)('the browser of %s is asked by one word of the command line', (platform, command) => {
  expect(openCommand(url, platform, { SystemRoot: 'D:\\Windows' })).toEqual(command);
});
