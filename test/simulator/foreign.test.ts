import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { gradient, inPlugin, load, photo, photoshop } from './helpers.ts';
import { psdFile } from './psd-file.ts';

const fullAccess = { requiredPermissions: { localFileSystem: 'fullAccess', clipboard: 'readAndWrite' } };

function desk(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'desk-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('files of the plugin itself', () => {
  it('are required by relative address, from where the asking file lies', async () => {
    const files = {
      'src/a.js': `exports.name = 'a'; exports.b = require('./b').name; exports.data = require('../data.json').n;`,
      'src/b.js': `const a = require('./a.js'); module.exports = { name: 'b of ' + a.name };`,
      'data.json': '{ "n": 7 }',
    };
    const script = `const a = require('./src/a'); return [a.name, a.b, a.data, a === require('./src/a.js')];`;
    expect(await inPlugin(photoshop(), script, { files })).toEqual(['a', 'b of a', 7, true]);
  });

  it('are no files of others', async () => {
    const script = `try { require('../../etc/hostname'); } catch (error) { return error.message; }`;
    expect(await inPlugin(photoshop(), script)).toBe(`Cannot find module '../../etc/hostname'`);
  });

  it('are all that a stack trace names', async () => {
    const files = { 'lib/fails.js': `module.exports = () => { throw new Error('no'); };` };
    const script = `try { require('./lib/fails')(); } catch (error) { return error.stack.split('\\n'); }`;
    const stack = (await inPlugin(photoshop(), script, { files })) as string[];
    expect(stack[0]).toBe('Error: no');
    expect(stack[1]).toContain(path.join('lib', 'fails.js'));
    expect(stack.join()).not.toContain('simulator');
  });

  it('are opened by their own addresses', async () => {
    const files = { 'lib/text.txt': 'words' };
    const script = `const fs = uxp.storage.localFileSystem;
      await (await fs.getDataFolder()).createFile('kept.txt');
      const entry = await fs.getEntryWithUrl('plugin:/lib/text.txt');
      return [await entry.read(), (await fs.getEntryWithUrl('plugin-data:/kept.txt')).name];`;
    expect(await inPlugin(photoshop(), script, { files })).toEqual(['words', 'kept.txt']);
  });
});

describe('modal scopes', () => {
  const script = `return core.executeAsModal(() => 7).catch((error) => error.message);`;

  it('need no name, as samples leave it out', async () => {
    expect(await inPlugin(photoshop(), script)).toBe(7);
  });

  it('need one in a Photoshop that keeps to its documentation', async () => {
    const strict = photoshop({ faults: { commandNameRequired: true } });
    expect(await inPlugin(strict, script)).toBe('executeAsModal: commandName is required');
  });
});

describe('commands that a scope does not wait for', () => {
  const script = `await core.executeAsModal(() => {
      window.played = action.batchPlay([{ _obj: 'set', _target: [{ _ref: 'layer', _enum: 'ordinal' }], to: { _obj: 'layer', name: 'New' } }], {});
      window.played.catch(() => {});
    });
    return window.played.then(() => app.activeDocument.layers[0].name, (error) => error.message.slice(0, 10));`;

  it.each([
    [false, 'New'],
    [true, 'Event: set'],
  ])('run to their end, or are refused where they die with it (%s)', async (commandsDieWithScope, end) => {
    const sim = photoshop({ faults: { commandsDieWithScope } });
    sim.openPixels({ width: 4, height: 4, data: gradient(4, 4, () => 255), channels: 4 });
    expect(await inPlugin(sim, script)).toBe(end);
  });
});

it('encodes pixels as JPEG', async () => {
  const sim = photoshop();
  sim.openPixels({ width: 16, height: 16, channels: 3, data: new Uint8Array(768).fill(90) });
  const script = `return core.executeAsModal(async () => {
    const { imageData } = await imaging.getPixels({ applyAlpha: true, componentSize: 8 });
    const text = await imaging.encodeImageData({ imageData, base64: true });
    const list = await imaging.encodeImageData({ imageData });
    imageData.dispose();
    const gray = await imaging.createImageDataFromBuffer(new Uint8Array(4), { width: 2, height: 2, components: 1, colorSpace: 'Grayscale' });
    const refused = await imaging.encodeImageData({ imageData: gray }).catch((error) => error.message);
    return [text, Array.isArray(list) && btoa(String.fromCharCode(...list)) === text, refused]; });`;
  const [text, same, refused] = (await inPlugin(sim, script)) as [string, boolean, string];
  const { data, info } = await sharp(Buffer.from(text, 'base64')).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, same]).toEqual([16, 16, true]);
  expect(Math.max(...data.map((value) => Math.abs(value - 90)))).toBeLessThan(3);
  expect(refused).toContain('only RGB');
});

describe('file pickers', () => {
  const script = `const fs = uxp.storage.localFileSystem;
    const file = await fs.getFileForSaving('names.txt', { types: ['txt'] });
    if (!file) return 'cancelled';
    await file.write('abc');
    const opened = await fs.getFileForOpening({ types: ['txt'] });
    const many = await fs.getFileForOpening({ allowMultiple: true });
    const token = await fs.createPersistentToken(opened);
    return [file.name, await opened.read(), many.length, (await fs.getEntryForPersistentToken(token)).name];`;

  it('answer what the user picks', async () => {
    const folder = desk();
    const sim = photoshop();
    sim.onPickFile = ({ suggested }) => path.join(folder, suggested ?? 'names.txt');
    expect(await inPlugin(sim, script, { manifest: fullAccess })).toEqual(['names.txt', 'abc', 1, 'names.txt']);
    expect(readFileSync(path.join(folder, 'names.txt'), 'utf8')).toBe('abc');
  });

  it('answer null for Cancel, and nothing without the permission', async () => {
    expect(await inPlugin(photoshop(), script, { manifest: fullAccess })).toBe('cancelled');
    await expect(inPlugin(photoshop(), script)).rejects.toThrow('Permission denied');
  });

  it('need no permission before version 5 of the manifest', async () => {
    const manifest = { manifestVersion: 4, requiredPermissions: undefined };
    expect(await inPlugin(photoshop(), script, { manifest })).toBe('cancelled');
  });
});

describe('documents from files', () => {
  const about = { mode: 3, width: 4, height: 3, composite: [1, 2, 3] } as const;
  const opening = (body: string) => `const entry = await uxp.storage.localFileSystem.getEntryWithUrl('file:' + folder);
    const doc = await core.executeAsModal(() => app.open(entry), { commandName: 'Open' }); ${body}`;

  it('are opened by a plugin, and know where they lie', async () => {
    const file = path.join(desk(), 'séance #1.psd');
    writeFileSync(file, psdFile(about));
    const script = `const folder = ${JSON.stringify(file)}; ${opening('return [doc.name, doc.path, app.activeDocument === doc];')}`;
    expect(await inPlugin(photoshop(), script, { manifest: fullAccess })).toEqual(['séance #1.psd', file, true]);
  });

  it('tell sections, clipping, links and adjustments of their layers', async () => {
    const sim = photoshop();
    const doc = sim.openPixels({ name: 'p.psd', width: 4, height: 4, data: photo(4, 4), channels: 3 });
    const group = doc.addLayer({ name: 'Group', kind: 'group' });
    const data = gradient(4, 4, () => 255);
    const lower = doc.addLayer({ name: 'Lower', data, channels: 4, parent: group });
    const upper = doc.addLayer({ name: 'Upper', data, channels: 4, parent: group, clipped: true });
    lower.linkGroup = upper.linkGroup = 5;
    upper.adjustment = { _obj: 'invert' };
    const script = `const ask = { _obj: 'multiGet', _target: { _ref: [{ _ref: 'document', _id: ${doc.id} }] }, extendedReference: [
        ['name', 'group', 'layerSection', 'linkedLayerIDs', 'adjustment', 'itemIndex'], { _obj: 'layer', index: 1, count: -1 }] };
      const background = { _obj: 'get', _target: { _ref: [{ _ref: 'layer', _property: 'background' }, { _ref: 'document', _id: ${doc.id} }] } };
      const [{ list }, { name }] = await action.batchPlay([ask, background], {});
      return [name, ...list.map((row) => [row.name, row.group, row.layerSection._value.slice(12), row.linkedLayerIDs, row.adjustment, row.itemIndex])];`;
    expect(await inPlugin(sim, script)).toEqual([
      'Background',
      ['</Layer group>', false, 'End', undefined, undefined, 2],
      ['Lower', false, 'Content', [upper.id], undefined, 3],
      ['Upper', true, 'Content', [lower.id], [{ _obj: 'invert' }], 4],
      ['Group', false, 'Start', undefined, undefined, 5],
    ]);
  });

  it('have metadata, new layers, groups and texts', async () => {
    const sim = photoshop();
    sim.openPixels({ width: 4, height: 4, data: photo(4, 4), channels: 3 });
    const script = `const property = { _property: 'XMPMetadataAsUTF8' };
      const target = [property, { _ref: 'document', _id: app.activeDocument.id }];
      return core.executeAsModal(async () => {
        await app.activeDocument.layers.add();
        await app.activeDocument.createLayerGroup({ name: 'Set' });
        await app.batchPlay([
          { _obj: 'make', _target: [{ _ref: 'textLayer' }], using: { _obj: 'textLayer', textKey: 'Hello' } },
          { _obj: 'set', _target: target, to: { _obj: 'document', XMPMetadataAsUTF8: '<x/>' } }], {});
        const [{ XMPMetadataAsUTF8: xmp }] = await app.batchPlay([{ _obj: 'get', _target: target }], {});
        return [xmp, ...app.activeDocument.layers.map(({ name, kind }) => name + ':' + kind)]; });`;
    expect(await inPlugin(sim, script)).toEqual(['<x/>', 'Hello:text', 'Set:group', 'Layer:pixel', 'Background:pixel']);
  });
});

describe('the page', () => {
  it('has dialogs whose answer is a promise, and whose parts can be clicked without a panel', async () => {
    const body = '<dialog id="ask"><button id="yes">Yes</button></dialog>';
    const plugin = await load(photoshop(), {
      body,
      script: `const dialog = document.querySelector('#ask');
        document.querySelector('#yes').addEventListener('click', () => dialog.close('yes'));
        window.answer = dialog.showModal();`,
    });
    expect(plugin.isVisible('#yes')).toBe(true);
    plugin.click('#yes');
    expect(await plugin.window.answer).toBe('yes');
    expect(plugin.isVisible('#yes')).toBe(false);
  });

  it('passes over scripts that UXP does not run, and says so', async () => {
    const body =
      '<script type="module">throw new Error("ran")</script><script src="https://example.org/x.js"></script>';
    const plugin = await load(photoshop(), { body, script: '' });
    expect(plugin.errors).toEqual([]);
    expect(plugin.markupProblems).toEqual(['ES modules do not run', 'scripts from elsewhere do not load']);
  });

  it('reads and writes the clipboard where the manifest allows it', async () => {
    const script = `await navigator.clipboard.writeText({ 'text/plain': 'a' });
      const first = (await navigator.clipboard.readText())['text/plain'];
      await navigator.clipboard.setContent('b');
      return [first, (await navigator.clipboard.getContent())['text/plain']];`;
    expect(await inPlugin(photoshop(), script, { manifest: fullAccess })).toEqual(['a', 'b']);
    await expect(inPlugin(photoshop(), script)).rejects.toThrow('Permission denied');
  });

  it.each([
    [4, 'node in an event'],
    [5, 'node'],
  ])('gets its panel as version %i of the manifest has it (%s)', async (manifestVersion) => {
    const plugin = await load(photoshop(), {
      manifest: { manifestVersion },
      script: `require('uxp').entrypoints.setup({ panels: { main: { create() {}, show(given) { (given.node ?? given).append('shown'); } } } });
        window.isInput = document.createElement('input') instanceof HTMLInputElement && !(document.body instanceof HTMLIFrameElement);`,
    });
    await plugin.showPanel();
    expect(plugin.text('body')).toContain('shown');
    expect(plugin.window.isInput).toBe(true);
  });

  it('changes the menu of its panel', async () => {
    const script = `uxp.entrypoints.setup({ panels: { main: { show() {}, menuItems: [{ id: 'a', label: 'Connect' }] } } });
      uxp.entrypoints.getPanel('main').menuItems.getItemAt(0).label = 'Disconnect';
      const { menuItems } = uxp.entrypoints.getPanel('main');
      return [menuItems.getItem('a').label, menuItems.size, uxp.entrypoints.getPanel('other')];`;
    expect(await inPlugin(photoshop(), script)).toEqual(['Disconnect', 1, null]);
  });
});
