import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Installation, programOf } from '../../../server/update/installation.ts';
import { layOutApp, PLATFORM } from './release-page.ts';

let app: string;
let installation: Installation;
beforeEach(() => {
  app = path.join(mkdtempSync(path.join(os.tmpdir(), 'hairline update é ')), 'Hairline');
  layOutApp(app, '0.1.0');
  installation = find()!;
});
afterEach(() => rmSync(path.dirname(app), { recursive: true, force: true }));

const script = () => programOf(app, PLATFORM).script;
const find = () => Installation.find(script(), path.dirname(app));
const versions = () => path.join(app, 'versions');
const add = (version: string) => installation.add(version, async (folder) => layOutApp(folder, version));

/** As a shortcut, a task or a launcher starts it. */
function start(...args: string[]) {
  const { node } = programOf(app, PLATFORM);
  const { status, stdout } = spawnSync(node, [script(), ...args], { encoding: 'utf8' });
  return { status, ...JSON.parse(stdout || '{}') };
}

// bin.mjs looks for versions where the system has them, not where the app says.
describe.skipIf(process.platform === 'darwin')('an app with several versions', () => {
  it('starts the one that it came with, until another is chosen', async () => {
    await add('0.2.0');
    expect(start('open', 'é x')).toEqual({ status: 0, version: '0.1.0', args: ['open', 'é x'], starter: null });
    expect(installation.current).toBe('0.1.0');
    await installation.choose('0.2.0');
    const { starter, ...started } = start('open', 'é x');
    expect(started).toEqual({ status: 0, version: '0.2.0', args: ['open', 'é x'] });
    expect(JSON.parse(starter)[1]).toBe(script());
    expect([installation.current, installation.previous]).toEqual(['0.2.0', '0.1.0']);
  });

  it('passes on the exit code', async () => {
    await add('0.2.0');
    await installation.choose('0.2.0');
    expect(start('fail').status).toBe(7);
  });

  it('goes back, and forth again', async () => {
    await add('0.2.0');
    await installation.choose('0.2.0');
    await installation.choose(installation.previous!);
    expect(start().version).toBe('0.1.0');
    expect(installation.previous).toBe('0.2.0');
    await installation.choose(installation.previous!);
    expect(start().version).toBe('0.2.0');
  });

  it('starts itself where the other version or the file that names it is damaged', async () => {
    await add('0.2.0');
    await installation.choose('0.2.0');
    const pointer = path.join(versions(), 'current.json');
    for (const text of ['', '{', '[]', '{"base":"0.1.0","version":"../../x"}', '{"base":"0.1.0","version":7}']) {
      writeFileSync(pointer, text);
      expect([text, start().version, find()!.current]).toEqual([text, '0.1.0', '0.1.0']);
    }
    await installation.choose('0.2.0');
    rmSync(path.join(versions(), '0.2.0', 'app', 'server'), { recursive: true });
    expect([start().version, find()!.current]).toEqual(['0.1.0', '0.1.0']);
  });

  it('that was replaced by a newer one starts that, and removes what is older', async () => {
    await add('0.2.0');
    await installation.choose('0.2.0');
    layOutApp(app, '0.3.0');
    expect(start().version).toBe('0.3.0');
    const now = find()!;
    expect([now.base, now.current, now.previous]).toEqual(['0.3.0', '0.3.0', null]);
    await now.clean();
    expect(readdirSync(versions())).toEqual(['current.json']);
  });
});

describe('versions', () => {
  it('appear complete or not at all', async () => {
    const half = installation.add('0.2.0', async (folder) => {
      layOutApp(folder, '0.2.0');
      expect(installation.has('0.2.0')).toBe(false);
      throw new Error('The disk is full.');
    });
    await expect(half).rejects.toThrow('The disk is full.');
    expect(readdirSync(installation.folder)).toEqual([]);
  });

  it('that a crashed process was adding are removed, those of a living one are not', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    for (const name of [`.part-${pid}-abc`, `.part-${process.pid}-abc`, 'something else'])
      mkdirSync(path.join(installation.folder, name), { recursive: true });
    await installation.clean();
    expect(readdirSync(installation.folder).sort()).toEqual([`.part-${process.pid}-abc`, 'something else']);
  });

  it('older than the one before are removed', async () => {
    for (const version of ['0.2.0', '0.3.0', '0.4.0']) {
      await add(version);
      await installation.choose(version);
      await installation.clean();
    }
    expect(readdirSync(installation.folder).sort()).toEqual(['0.3.0', '0.4.0', 'current.json']);
  });

  it('that do not work are given up', async () => {
    await add('0.2.0');
    await installation.choose('0.2.0');
    await installation.giveUp('0.2.0', '0.1.0');
    expect([installation.current, installation.has('0.2.0')]).toEqual(['0.1.0', false]);
  });

  it('are all removed with the app, other files are not', async () => {
    await add('0.2.0');
    await installation.choose('0.2.0');
    await installation.removeVersions();
    expect(existsSync(installation.folder)).toBe(false);
    await add('0.2.0');
    writeFileSync(path.join(installation.folder, 'notes.txt'), '');
    await installation.removeVersions();
    expect(readdirSync(installation.folder)).toEqual(['notes.txt']);
  });
});

it('what npm or a checkout brought is no such app', () => {
  rmSync(path.join(app, 'app', 'bundle.json'));
  expect(find()).toBeNull();
});

it('a Mac app keeps its versions outside of itself, for its signature', () => {
  writeFileSync(path.join(app, 'app', 'bundle.json'), '{"platform":"darwin-arm64"}');
  const home = path.dirname(app);
  expect(find()!.folder).toBe(path.join(home, 'Library', 'Application Support', 'hairline', 'versions'));
});
