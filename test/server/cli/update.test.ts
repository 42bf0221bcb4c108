import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rollBack, type UpdateSteps, update } from '../../../server/cli/update.ts';
import { createHttpClient } from '../../../server/http-client/http-client.ts';
import { Installation, programOf } from '../../../server/update/installation.ts';
import {
  describeRelease,
  layOutApp,
  PLATFORM,
  packApp,
  type ReleasePage,
  serveFiles,
  sha256,
} from '../update/release-page.ts';
import { recordTerminal } from './recorder.ts';

const NAME = `Hairline-0.2.0-${PLATFORM}.tar.gz`;
const never = new AbortController().signal;

let packed: Buffer;
let home: string;
let installation: Installation;
let page: ReleasePage;
let done: string[];
let running: boolean;
let steps: UpdateSteps;

beforeAll(async () => {
  packed = await packApp('0.2.0');
});
beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'hairline update '));
  const app = path.join(home, 'Hairline');
  layOutApp(app, '0.1.0');
  installation = Installation.find(programOf(app, PLATFORM).script, home)!;
  done = [];
  running = false;
  steps = {
    installation,
    http: createHttpClient({}),
    isRunning: async () => running,
    async stop() {
      done.push(`stop, ${installation.current} is next`);
      return 0;
    },
    async start() {
      done.push(`start ${installation.current}`);
      return 0;
    },
  };
});
afterEach(async () => {
  await page?.close();
  rmSync(home, { recursive: true, force: true });
});

/** Serves a release of 0.2.0. */
async function release(file: Buffer, announced = packed) {
  const files: Parameters<typeof serveFiles>[0] = {};
  page = await serveFiles(files);
  const about = { name: NAME, url: `${page.url}/app`, bytes: announced.length };
  Object.assign(files, {
    '/app': file,
    '/SHA256SUMS': `${sha256(announced)}  ${NAME}\n`,
    '/latest': JSON.stringify(describeRelease('0.2.0', about, `${page.url}/SHA256SUMS`)),
  });
}

async function run(work: (terminal: ReturnType<typeof recordTerminal>['terminal']) => Promise<number>) {
  const recorder = recordTerminal();
  const code = await work(recorder.terminal);
  return { code, said: recorder.err };
}
const updateNow = (yes = true) =>
  run((terminal) => update({ releases: `${page.url}/latest` }, steps, { yes }, terminal, never));
const goBack = () => run((terminal) => rollBack(steps, terminal, never));
const left = () => readdirSync(installation.folder).sort();

describe('hairline update', () => {
  it('installs the newest version and keeps the one before', async () => {
    await release(packed);
    expect(await updateNow()).toMatchObject({ code: 0, said: expect.stringContaining('This is Hairline 0.2.0 now.') });
    expect([installation.current, installation.previous]).toEqual(['0.2.0', '0.1.0']);
    expect(left()).toEqual(['0.2.0', 'current.json']);
    // No server ran, so none is started.
    expect(done).toEqual([]);
  });

  it('says so when there is nothing newer, and asks for nothing else', async () => {
    await release(packed);
    await updateNow();
    page.asked.length = 0;
    expect(await updateNow()).toMatchObject({ code: 0, said: 'Hairline 0.2.0 is the newest version.\n' });
    expect(page.asked).toEqual(['/latest']);
  });

  it('asks for confirmation, and changes nothing without', async () => {
    await release(packed);
    await expect(updateNow(false)).rejects.toThrow('--yes');
    expect(page.asked).not.toContain('/app');
    expect(installation.current).toBe('0.1.0');
  });

  it('starts a server that ran anew, as the newer version', async () => {
    running = true;
    await release(packed);
    expect((await updateNow()).code).toBe(0);
    expect(done).toEqual(['stop, 0.2.0 is next', 'start 0.2.0']);
  });

  it('goes back to the version that works when the newer one does not start', async () => {
    running = true;
    await release(packed);
    steps.start = async () => {
      done.push(`start ${installation.current}`);
      return installation.current === '0.2.0' ? 1 : 0;
    };
    const { code, said } = await updateNow();
    expect([code, said]).toEqual([1, expect.stringContaining('0.2.0 does not start on this computer. 0.1.0 is back.')]);
    expect(done.slice(1)).toEqual(['start 0.2.0', 'start 0.1.0']);
    expect([installation.current, installation.has('0.2.0')]).toEqual(['0.1.0', false]);
  });

  it.each([
    ['was changed', () => Buffer.concat([packed.subarray(0, -9), Buffer.alloc(9)]), 'does not match its checksum'],
    ['is shorter than announced', () => packed.subarray(0, -1), 'does not match its checksum'],
    ['is longer', () => Buffer.concat([packed, Buffer.alloc(1)]), 'does not match its checksum'],
  ])('installs nothing of a file that %s', async (_name, file, sentence) => {
    await release(file());
    const { code, said } = await updateNow();
    expect([code, said]).toEqual([1, expect.stringContaining(sentence)]);
    expect(installation.current).toBe('0.1.0');
    expect(left()).toEqual([]);
  });

  it.each([
    ['holds another version', () => packApp('0.1.5'), 'holds another version: 0.1.5'],
    ['does not start', () => packApp('0.2.0', 'process.exit(3)'), 'does not start on this computer (code 3)'],
    ['is no archive', async () => Buffer.from('an archive'), 'was not installed'],
  ])('installs nothing of a release that %s', async (_name, pack, sentence) => {
    const file = await pack();
    await release(file, file);
    const { code, said } = await updateNow();
    expect([code, said]).toEqual([1, expect.stringContaining(sentence)]);
    expect([installation.current, left()]).toEqual(['0.1.0', []]);
  });

  it('continues a download that was broken off, by this process or by a crash', async () => {
    const half = Math.floor(packed.length / 2);
    // As a process that was killed leaves it.
    mkdirSync(installation.folder, { recursive: true });
    mkdirSync(path.join(installation.folder, '.part-4194304-abcdef', 'app'), { recursive: true });
    const part = `package.${sha256(packed).slice(0, 12)}.4194304-00000000.part`;
    writeFileSync(path.join(installation.folder, part), packed.subarray(0, half));
    await release(packed);
    expect(await updateNow()).toMatchObject({ code: 0 });
    expect(page.asked).toContain(`/app bytes=${half}-`);
    expect(left()).toEqual(['0.2.0', 'current.json']);
  });

  it('downloads nothing again that is there and complete', async () => {
    await release(packed);
    await updateNow();
    await goBack();
    page.asked.length = 0;
    expect((await updateNow()).code).toBe(0);
    expect([installation.current, page.asked]).toEqual(['0.2.0', ['/latest', '/SHA256SUMS']]);
  });

  it('leaves what npm or a checkout brought to those', async () => {
    await release(packed);
    steps.installation = null;
    expect(await updateNow()).toMatchObject({ code: 1, said: expect.stringContaining('with npm') });
    expect(await goBack()).toMatchObject({ code: 1, said: expect.stringContaining('with npm') });
    expect(page.asked).toEqual([]);
  });

  it('does not guess where releases are', async () => {
    await release(packed);
    const answer = await run((terminal) => update({ releases: '' }, steps, { yes: true }, terminal, never));
    expect(answer).toMatchObject({ code: 1, said: expect.stringContaining('HAIRLINE_RELEASES') });
  });
});

describe('hairline update --rollback', () => {
  it('starts the version before, and again the newer one', async () => {
    await release(packed);
    running = true;
    await updateNow();
    done.length = 0;
    expect(await goBack()).toMatchObject({ code: 0, said: expect.stringContaining('This is Hairline 0.1.0 now.') });
    expect(done).toEqual(['stop, 0.1.0 is next', 'start 0.1.0']);
    await goBack();
    expect(installation.current).toBe('0.2.0');
  });

  it('says so when there was no update', async () => {
    expect(await goBack()).toMatchObject({ code: 1, said: expect.stringContaining('no version to go back to') });
  });
});
