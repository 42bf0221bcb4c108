import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { inPlugin, load, photo, photoshop } from './helpers.ts';

const withFiles = (permission: string) => ({ manifest: { requiredPermissions: { localFileSystem: permission } } });

function scratch(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'host-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** As UXP writes paths in addresses, on every system. */
const slashes = (folder: string) => folder.replace(/\\/g, '/').replace(/^\//, '');

describe('files', () => {
  it('are reached as far as the manifest allows', async () => {
    const folder = scratch();
    const sim = photoshop();
    sim.onPickFolder = () => folder;
    const script = `const fs = uxp.storage.localFileSystem;
      const tried = [fs.getFolder(), fs.getEntryWithUrl('file:/${slashes(folder)}')];
      return (await Promise.allSettled(tried)).map((one) => one.value?.name ?? String(one.reason));`;
    const denied = expect.stringContaining('Permission denied');
    const name = path.basename(folder);
    expect(await inPlugin(sim, script)).toEqual([denied, denied]);
    expect(await inPlugin(sim, script, withFiles('request'))).toEqual([name, denied]);
    expect(await inPlugin(sim, script, withFiles('fullAccess'))).toEqual([name, name]);
    sim.onPickFolder = () => null;
    expect(await inPlugin(sim, 'return uxp.storage.localFileSystem.getFolder()', withFiles('request'))).toBeNull();
  });

  it('take copies of a document, inside a modal scope only', async () => {
    const folder = scratch();
    const sim = photoshop();
    sim.onPickFolder = () => folder;
    const doc = sim.openPixels({ width: 12, height: 8, channels: 3, data: photo(12, 8) });
    const states = doc.historyStates.length;
    const answer = await inPlugin(
      sim,
      `const folder = await uxp.storage.localFileSystem.getFolder();
       const create = (name) => folder.createFile(name, { overwrite: false });
       const [psd, png, tif] = [await create('a.psd'), await create('a.png'), await create('a.tif')];
       const doc = app.activeDocument;
       const outside = await doc.saveAs.psd(psd, {}, true).catch(String);
       const again = await create('a.psd').catch(String);
       const save = { _obj: 'save', as: { _obj: 'TIFF' }, copy: true, documentID: doc.id };
       const tokens = uxp.storage.localFileSystem;
       await core.executeAsModal(async () => {
         await doc.saveAs.psd(psd, {}, true);
         await doc.saveAs.png(png, {}, true);
         await action.batchPlay([{ ...save, in: { _path: tokens.createSessionToken(tif), _kind: 'local' } }], {});
       }, { commandName: 'save' });
       const [unknown] = await core.executeAsModal(
         () => action.batchPlay([{ ...save, in: { _path: 'elsewhere.tif' } }], {}), { commandName: 'save' });
       return [outside, again, unknown._obj];`,
      withFiles('request'),
    );
    expect(answer).toEqual([
      expect.stringContaining('only allowed from inside a modal scope'),
      expect.stringContaining('exists'),
      'error',
    ]);
    expect(readdirSync(folder).sort()).toEqual(['a.png', 'a.psd', 'a.tif']);
    expect(sim.openPsd(readFileSync(path.join(folder, 'a.psd'))).layers[0]?.pixels?.data).toEqual(
      doc.layers[0]!.pixels!.data,
    );
    const colors = doc.layers[0]!.pixels!.data;
    for (const name of ['a.png', 'a.tif']) {
      const { data, info } = await sharp(path.join(folder, name))
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([doc.width, doc.height]);
      expect([...data]).toEqual([...colors]);
    }
    expect(doc.historyStates.length).toBe(states);
  });
});

describe('an Action', () => {
  const script = `uxp = require('uxp'); window.ran = 0;
    uxp.entrypoints.setup({ panels: { main: { show() {} } }, commands: { go: () => { window.ran++; } } });`;

  it.each([true, false])('records menu commands if the manifest says so: %s', async (enableMenuRecording) => {
    const sim = photoshop();
    const data = { apiVersion: 2, enableMenuRecording };
    const manifest = { host: { app: 'PS', minVersion: '25.10.0', data } };
    const plugin = await load(sim, { script, manifest });
    sim.startRecordingAction();
    await plugin.invokeCommand('go');
    const steps = sim.stopRecordingAction();
    expect(steps.map(({ command }) => command)).toEqual(enableMenuRecording ? ['go'] : []);
    for (const step of steps) await plugin.playStep(step);
    expect(plugin.window.ran).toBe(enableMenuRecording ? 2 : 1);
  });
});
