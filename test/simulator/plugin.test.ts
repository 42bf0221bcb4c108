import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HostOptions } from '../../simulator/index.ts';
import { gradient, inPlugin, load, photo, photoshop } from './helpers.ts';

/** Answers with what it was sent; /slow never answers. */
async function echoServer(): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/slow') return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(201, { 'Content-Type': 'text/plain', 'X-Origin': request.headers.origin ?? 'none' });
      response.end(Buffer.concat(chunks));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the sandbox', () => {
  it('has only what UXP has', async () => {
    const absent = ['process', 'Buffer', 'queueMicrotask', 'structuredClone', 'MutationObserver', 'EventSource'];
    absent.push('matchMedia', 'URLSearchParams', 'Worker', 'SharedArrayBuffer', 'setImmediate');
    const found = await inPlugin(
      photoshop({ faults: { laterBuiltinsMissing: true } }),
      `return [${JSON.stringify(absent)}.filter((name) => name in globalThis), typeof crypto.subtle, typeof crypto.randomUUID(),
        typeof window.document.querySelector, window === globalThis, typeof btoa('x'), [1].at, new URL('http://a/?b').searchParams, new XMLHttpRequest().readyState, XMLHttpRequest.DONE];`,
    );
    expect(found).toEqual([[], 'undefined', 'string', 'function', true, 'string', ...new Array(4)]);
  });

  it('forbids code from strings unless the manifest allows it', async () => {
    const script = `try { return new Function('return 1')(); } catch (error) { return error.name; }`;
    expect(await inPlugin(photoshop(), script)).toBe('EvalError');
    const manifest = { requiredPermissions: { allowCodeGenerationFromStrings: true } };
    expect(await inPlugin(photoshop(), script, { manifest })).toBe(1);
  });

  it('requires six modules and no other', async () => {
    const script = `return ['photoshop', 'uxp', 'fs', 'os', 'path', 'process', 'http', 'shell', 'node:fs'].filter((name) => {
      try { return !require(name); } catch { return true; } });`;
    expect(await inPlugin(photoshop(), script)).toEqual(['http', 'shell', 'node:fs']);
  });

  it('gives errors, promises and arrays of its own realm', async () => {
    const sim = photoshop();
    sim.openPixels({ width: 2, height: 2, data: photo(2, 2), channels: 3 });
    const script = `const promise = imaging.getPixels({});
      const error = await promise.catch((e) => e);
      const data = await core.executeAsModal(async () => (await imaging.getPixels({})).imageData.getData(), { commandName: 'x' });
      return [promise instanceof Promise, error instanceof Error, data instanceof Uint8Array, data.length];`;
    expect(await inPlugin(sim, script)).toEqual([true, true, true, 12]);
  });

  it('collects uncaught errors', async () => {
    const sim = photoshop();
    const script = `require('uxp').entrypoints.setup({ panels: { main: { show() {} } } });
      document.querySelector('#b').addEventListener('click', () => { setTimeout(() => { throw new Error('timer'); }); throw new Error('click'); });
      Promise.reject(new Error('rejected')); console.warn('careful', 1);`;
    const plugin = await load(sim, { script, body: '<sp-button id="b">B</sp-button>' });
    await plugin.showPanel();
    plugin.click('#b');
    await plugin.waitFor(() => plugin.errors.length === 3);
    expect(plugin.errors.map((error) => (error as Error).message).sort()).toEqual(['click', 'rejected', 'timer']);
    expect(plugin.consoleLines).toEqual(['careful 1']);
  });
});

it('knows what UXP would not draw', async () => {
  const body =
    '<style>p { display: grid; gap: 2px; border-radius: 1px }</style><label for="x"></label><p onclick="x()"></p>';
  const plugin = await load(photoshop(), { script: '', body });
  const found = ['label has no effect through `for`', 'gap', 'display: grid', 'inline handler on p'];
  expect(plugin.markupProblems).toEqual(found);
});

describe('entry points', () => {
  it('gives create and show 300 ms', async () => {
    const script = `require('uxp').entrypoints.setup({ panels: { main: { create: () => new Promise(() => {}) } } });`;
    const plugin = await load(photoshop(), { script });
    await expect(plugin.showPanel()).rejects.toThrow('300 ms');
    expect(plugin.errors).toHaveLength(1);
  });

  it('runs setup once, and not late', async () => {
    const script = `const { entrypoints } = require('uxp'); window.late = () => entrypoints.setup({});`;
    const plugin = await load(photoshop(), { script });
    expect(plugin.window.late).toThrow('synchronously');
    expect(plugin.errors).toHaveLength(1);
  });

  it('runs commands, and refuses undeclared ones', async () => {
    const script = `require('uxp').entrypoints.setup({ commands: { go: async () => { window.went = true; } } });`;
    const plugin = await load(photoshop(), { script });
    await plugin.invokeCommand('go');
    expect(plugin.window.went).toBe(true);
    await expect(plugin.invokeCommand('other')).rejects.toThrow('declares no command');
  });

  it('shows once where told to', async () => {
    const script = `window.shows = 0; require('uxp').entrypoints.setup({ panels: { main: { show() { window.shows++; } } } });`;
    const plugin = await load(photoshop({ faults: { showOnce: true } }), { script });
    await plugin.showPanel();
    await plugin.showPanel();
    expect(plugin.window.shows).toBe(1);
  });

  it('refuses a Photoshop that is too old', async () => {
    await expect(load(photoshop({ version: '25.9.0' }), { script: '' })).rejects.toThrow('needs Photoshop 25.10.0');
  });
});

describe('clicks', () => {
  it('refuses hidden, disabled and missing elements', async () => {
    const body = `<div class="off"><sp-button id="a">A</sp-button></div><sp-button id="b" disabled>B</sp-button>
      <sp-checkbox id="c">C</sp-checkbox><sp-picker id="d"><sp-menu slot="options"><sp-menu-item value="x" selected>X</sp-menu-item>
      <sp-menu-item value="y">Y</sp-menu-item></sp-menu></sp-picker>`;
    const script = `require('uxp').entrypoints.setup({ panels: { main: { show() {} } } });
      document.querySelector('#d').addEventListener('change', (event) => { window.chosen = event.target.value; });`;
    const plugin = await load(photoshop(), { script, body });
    expect(() => plugin.click('#c')).toThrow('no panel is shown');
    await plugin.showPanel();
    expect(() => plugin.click('#a')).toThrow('hidden');
    expect(() => plugin.click('#b')).toThrow('disabled');
    expect(() => plugin.click('#z')).toThrow('no element');
    plugin.click('#c');
    expect(plugin.document.querySelector('#c')!.checked).toBe(true);
    plugin.choose('#d', 'y');
    expect(plugin.window.chosen).toBe('y');
    expect(plugin.text('#d')).toBe('X Y');
  });
});

describe('networking', () => {
  const post = (
    url: string,
  ) => `const response = await fetch('${url}', { method: 'POST', body: new Uint8Array([104, 105]) });
    return [response.status, response.headers.get('x-origin'), await response.text()];`;

  it.each<[NonNullable<HostOptions['permissionMatching']>, (url: string) => unknown, boolean]>([
    ['exact', (url) => [url], true],
    ['exact', () => ['http://127.0.0.1'], false],
    ['exact', (url) => [url.replace('http:', 'https:')], false],
    ['exact', () => ['127.0.0.1', 'all'], false],
    ['exact', () => 'all', true],
    ['names', (url) => [url], false],
    ['names', () => 'all', true],
    ['literals', (url) => [url], true],
    ['none', () => 'all', false],
    ['premiere', (url) => [url], false],
    ['premiere', () => 'all', true],
    ['all', () => [], true],
  ])('matches %s permissions', async (permissionMatching, domains, allowed) => {
    const url = await echoServer();
    const sim = photoshop({ permissionMatching });
    const answer = inPlugin(sim, post(url), { domains: domains(url) });
    if (allowed) expect(await answer).toEqual([201, 'none', 'hi']);
    else await expect(answer).rejects.toThrow(`Permission denied to the url ${url}. Manifest entry not found.`);
  });

  it('cannot reach a host name over http on a Mac, but an address', async () => {
    const url = await echoServer();
    const byName = url.replace('127.0.0.1', 'localhost');
    const mac = () => photoshop({ platform: 'darwin', originHeader: 'file://', permissionMatching: 'exact' });
    await expect(inPlugin(mac(), post(byName), { domains: [byName] })).rejects.toThrow('Network request failed');
    expect(await inPlugin(mac(), post(url), { domains: [url] })).toEqual([201, 'file://', 'hi']);
  });

  it('uploads with XMLHttpRequest: progress, headers, binary answer', async () => {
    const url = await echoServer();
    const script = `return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest(); const seen = [];
      xhr.open('POST', '${url}'); xhr.responseType = 'arraybuffer'; xhr.setRequestHeader('Origin', 'evil');
      xhr.upload.onprogress = (e) => seen.push(e.loaded / e.total);
      xhr.onload = () => resolve([xhr.status, xhr.getResponseHeader('X-Origin'), xhr.response instanceof ArrayBuffer,
        xhr.response.byteLength, seen.length > 1, seen[seen.length - 1]]);
      xhr.onerror = () => reject(new Error('no'));
      xhr.send(new Uint8Array(3e6).fill(7)); });`;
    const sim = photoshop({ permissionMatching: 'exact', faults: { arrayBufferSpelling: 'both' } });
    expect(await inPlugin(sim, script, { domains: [url] })).toEqual([201, 'none', true, 3e6, true, 1]);
    sim.faults.arrayBufferSpelling = 'arrayBuffer';
    await expect(
      inPlugin(sim, script.replace('xhr.response.byteLength', 'typeof xhr.response'), { domains: [url] }),
    ).resolves.toContain('string');
  });

  it('times out and aborts', async () => {
    const url = await echoServer();
    const script = (more: string) => `return new Promise((resolve) => {
      const xhr = new XMLHttpRequest(); xhr.open('GET', '${url}/slow'); ${more}
      for (const type of ['load', 'error', 'timeout', 'abort']) xhr.addEventListener(type, () => resolve([type, xhr.status]));
      xhr.send(); ${more ? '' : 'setTimeout(() => xhr.abort(), 30);'} });`;
    expect(await inPlugin(photoshop(), script('xhr.timeout = 30;'), { domains: 'all' })).toEqual(['timeout', 0]);
    expect(await inPlugin(photoshop(), script(''), { domains: 'all' })).toEqual(['abort', 0]);
  });

  it('denies XMLHttpRequest by error event, or by throwing', async () => {
    const script = `return new Promise((resolve) => { const xhr = new XMLHttpRequest(); xhr.open('GET', 'http://127.0.0.1:1/');
      xhr.onerror = () => resolve('event'); try { xhr.send(); } catch (error) { resolve(error.message); } });`;
    expect(await inPlugin(photoshop(), script)).toBe('event');
    const text = 'Permission denied to the url http://127.0.0.1:1/. Manifest entry not found.';
    expect(await inPlugin(photoshop({ faults: { xhrDenialThrows: true } }), script)).toBe(text);
  });
});

it('tells listeners what the user does, but not during a modal scope', async () => {
  const sim = photoshop();
  const doc = sim.openPixels({ width: 2, height: 2, data: photo(2, 2), channels: 3 });
  const script = `window.seen = []; const listen = (event) => { window.seen.push(event); };
    await action.addNotificationListener(['select', 'make'], listen);
    await core.executeAsModal(() => action.batchPlay([{ _obj: 'select', _target: [{ _ref: 'layer', _name: 'Background' }] }], {}), { commandName: 'x' });
    window.stop = () => action.removeNotificationListener(['select', 'make'], listen);`;
  await inPlugin(sim, script);
  const [plugin] = sim.plugins;
  doc.activeLayers = [];
  await plugin!.waitFor(() => (plugin!.window.seen as string[]).length > 0);
  await (plugin!.window.stop as () => Promise<void>)();
  doc.activeLayers = doc.layers;
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(plugin!.window.seen).toEqual(['select']);
});

it('makes a mask from end to end', async () => {
  const sim = photoshop();
  const doc = sim.openPixels({ width: 8, height: 8, data: gradient(8, 8, () => 255), channels: 4 });
  const script = `const doc = app.activeDocument; const layer = doc.activeLayers[0];
    await core.executeAsModal(async (context) => {
      const handle = await context.hostControl.suspendHistory({ documentID: doc.id, name: 'Cut' });
      const imageData = await imaging.createImageDataFromBuffer(new Uint8Array(64).fill(9),
        { width: 8, height: 8, components: 1, colorSpace: 'Grayscale' });
      try { await imaging.putLayerMask({ documentID: doc.id, layerID: layer.id, imageData }); } finally { imageData.dispose(); }
      await context.hostControl.resumeHistory(handle);
    }, { commandName: 'Cut' });
    return [layer.kind, layer.bounds.width, doc.mode, doc.bitsPerChannel];`;
  expect(await inPlugin(sim, script)).toEqual(['pixel', 8, 'RGBColorMode', 'bitDepth8']);
  expect(doc.layers[0]!.mask!.data).toEqual(new Uint8Array(64).fill(9));
  expect(doc.historyStates.map((state) => state.name)).toEqual(['Open', 'Cut']);
  expect(sim.modalLog).toHaveLength(1);
});
