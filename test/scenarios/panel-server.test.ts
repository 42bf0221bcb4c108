import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HostOptions } from '../../simulator/index.ts';
import { Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
});
afterEach(() => rig.close());

const server = (text: string) => rig.panel.waitFor(() => rig.panel.text('#server') === text, 10_000, text);

test.each<[HostOptions, string]>([
  [{ platform: 'darwin' }, '/Users/me/.hairline/start-hairline.command'],
  [{ platform: 'win32', osPlatform: 'win10' }, 'C:\\Users\\me\\.hairline\\start-hairline.cmd'],
  [{ platform: 'win32', osPlatform: 'windows' }, 'C:\\Users\\me\\.hairline\\start-hairline.cmd'],
])('opens the launcher that the server left (%o)', async (options, launcher) => {
  rig.server.name = 'somebody else';
  await rig.open(options);
  await server('Server not running');
  rig.panel.click('#start-server');
  await server('Server is starting');
  expect(rig.panel.opened).toEqual([launcher]);
  expect(rig.panel.isVisible('#server-help')).toBe(false);
  rig.server.name = 'hairline';
  await server('isnet on CPU');
  rig.photoshop.openPixels(createPicture({}));
  expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
  rig.expectClean();
});

test('looks only where it is told to, and everywhere again when that is taken back', async () => {
  await rig.open({ ports: { 7868: rig.server.port } });
  await server('isnet on CPU');
  rig.panel.click('#setup-toggle');
  rig.panel.type('#address', '7866');
  await server('Server not running');
  rig.panel.type('#address', 'http://localhost:7868');
  await server('isnet on CPU');
  expect(rig.panel.text('#server-details')).toBe('Version 0.1.0 at http://localhost:7868');
  await rig.reload();
  await rig.panel.showPanel();
  await rig.panel.waitFor(() => rig.panel.text('#server-details').endsWith('http://localhost:7868'));
  rig.panel.click('#setup-toggle');
  rig.panel.type('#address', '');
  await rig.panel.waitFor(() => rig.panel.text('#server-details').endsWith('http://127.0.0.1:7868'), 8000);
  expect(rig.panel.errors).toEqual([]);
});

test('an address that the manifest does not list is refused, and the old one stays', async () => {
  await rig.open();
  await server('isnet on CPU');
  rig.panel.click('#setup-toggle');
  rig.panel.type('#address', 'http://example.com');
  await rig.panel.waitFor(() => rig.panel.text('#address-complaint').startsWith('Hairline may not use this address.'));
  expect(rig.panel.text('#server')).toBe('isnet on CPU');
  rig.panel.type('#address', '');
  await rig.panel.waitFor(() => rig.panel.text('#address-complaint') === '');
});

test('notices by itself that the server has gone and come back', async () => {
  await rig.open();
  await server('isnet on CPU');
  rig.server.name = 'somebody else';
  rig.photoshop.openPixels(createPicture({}));
  expect(await rig.click()).toBe('failed: The Hairline server is not running.');
  expect(rig.panel.text('#server')).toBe('Server not running');
  rig.server.name = 'hairline';
  await rig.panel.waitFor(() => rig.panel.text('#server') === 'isnet on CPU', 8000);
});
