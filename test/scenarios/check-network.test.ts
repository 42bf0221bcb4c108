import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProbeId } from '../../plugin/check/probe.ts';
import type { HostOptions } from '../../simulator/index.ts';
import { CheckRig, outcomeOf, type SavedReport } from './check-driver.ts';
import { createPicture } from './pictures.ts';

let rig: CheckRig;
beforeEach(async () => {
  rig = new CheckRig();
  await rig.server.start();
});
afterEach(() => rig.close());

const NETWORK: ProbeId[] = ['routes', 'bytes', 'refusals', 'hangUp', 'uploads', 'slowAnswers'];
const expected = (report: SavedReport) => NETWORK.filter((id) => outcomeOf(report, id).expected);

test('an ordinary Photoshop reaches the server by every way', async () => {
  await rig.open();
  const report = await rig.check(true);
  expect(NETWORK.map((id) => outcomeOf(report, id).end)).toEqual(NETWORK.map(() => 'answered'));
  expect(
    NETWORK.map((id) => outcomeOf(report, id))
      .filter((outcome) => !outcome.expected)
      .map((outcome) => JSON.stringify(outcome)),
  ).toEqual([]);
  expect(outcomeOf(report, 'uploads').seen).toMatchObject({ '128 MB xhr': expect.stringMatching(/^200, .* events$/) });
});

test('tells what differs', async () => {
  await rig.open({ platform: 'darwin', faults: { arrayBufferSpelling: 'arraybuffer' } });
  Object.assign(rig.server, { dropsSlow: true, truncates: true, missesHangUps: true });
  const report = await rig.check(true);
  expect(expected(report)).toEqual(['refusals']);
  expect(outcomeOf(report, 'hangUp').seen).toBe('open');
  expect(report.profile.routes.slice(0, 3)).toEqual(['http://127.0.0.1', 'ws://localhost', 'ws://127.0.0.1']);
});

test('an address that answers is a surprise', async () => {
  await rig.open({ ports: { 7866: rig.server.port, 1: rig.server.port } });
  expect(outcomeOf(await rig.check(true), 'refusals').expected).toBe(false);
});

test('without a server the rest is asked all the same', async () => {
  await rig.open({ ports: {} });
  const report = await rig.check(true);
  expect(expected(report)).toEqual([]);
  expect(outcomeOf(report, 'readMasked').expected).toBe(true);
});

describe('what a start finds out, the next one uses', () => {
  const kept = () => JSON.parse((rig.panel.window.localStorage as Storage).getItem('hairline.profiles') ?? '[]');
  const measured = (name: string) => kept()[0]?.[1]?.[name]?.[0];
  test.each<[string, HostOptions, string]>([
    ['byteReaders', { faults: { arrayBufferSpelling: 'arrayBuffer' } }, 'arrayBuffer'],
    ['byteReaders', { faults: { arrayBufferSpelling: 'arraybuffer' } }, 'arraybuffer'],
    ['byteReaders', { faults: { arrayBufferSpelling: 'neither' } }, 'fetch'],
    ['routes', { permissionMatching: 'names' }, 'http://localhost'],
    ['routes', { permissionMatching: 'literals' }, 'http://127.0.0.1'],
    ['routes', { permissionMatching: 'names', platform: 'darwin' }, 'ws://localhost'],
  ])('%s: %o: %s first', async (name, options, first) => {
    await rig.open(options, 'listed');
    await rig.panel.waitFor(() => measured(name) === first, 10_000, first);
    await rig.reload();
    await rig.panel.showPanel();
    await rig.panel.waitFor(() => rig.panel.text('#server') === 'isnet on CPU', 10_000, 'the server');
    expect(measured(name)).toBe(first);
    expect(rig.panel.errors).toEqual([]);
  });
});

describe('what a profile says is what is used first', () => {
  /** Starts the panel anew with this profile and nothing else that is known. */
  async function restart(profile: object): Promise<void> {
    const storage = rig.panel.window.localStorage as Storage;
    const host = JSON.parse(storage.getItem('hairline.profiles')!)[0][0];
    storage.setItem('hairline.profiles', JSON.stringify([[host, profile]]));
    storage.removeItem('hairline.settings');
    await rig.reload();
  }
  const settle = () => rig.panel.waitFor(() => rig.panel.text('#server') === 'isnet on CPU', 10_000, 'the server');
  const kept = () => (rig.panel.window.localStorage as Storage).getItem('hairline.profiles') ?? '';
  const measured = () => rig.panel.waitFor(() => kept().includes('byteReaders'), 10_000, 'the first answers');

  /** How the first request of the plugin wanted its bytes. */
  function noteFirst(): { used: string | null } {
    const first: { used: string | null } = { used: null };
    const { window } = rig.panel;
    const RealXhr = window.XMLHttpRequest as new () => XMLHttpRequest;
    const realFetch = window.fetch as (...asked: unknown[]) => unknown;
    const note = (used: string) => {
      first.used ??= used;
    };
    window.XMLHttpRequest = function Xhr() {
      return new Proxy(new RealXhr(), {
        set: (xhr, name, value) => {
          if (name === 'responseType') note(value);
          return Reflect.set(xhr, name, value, xhr);
        },
        get: (xhr, name) => {
          const member = Reflect.get(xhr, name, xhr);
          return typeof member === 'function' ? member.bind(xhr) : member;
        },
      });
    };
    window.fetch = (...asked: unknown[]) => {
      note('fetch');
      return realFetch(...asked);
    };
    return first;
  }

  test.each(['arraybuffer', 'arrayBuffer', 'fetch'])('bytes by %s', async (reader) => {
    await rig.open({ faults: { arrayBufferSpelling: 'both' } });
    await measured();
    await restart({ byteReaders: [reader] });
    const first = noteFirst();
    await rig.panel.showPanel();
    await settle();
    expect(first.used).toBe(reader);
    expect(await maskOne()).toMatch(/^done/);
  });

  // On a loaded machine one of two equal ways may answer so late that the finder does not wait for it.
  test.each(['http://127.0.0.1', 'http://localhost'])('the way by %s', { retry: 4 }, async (route) => {
    await rig.open();
    await measured();
    await restart({ routes: [route] });
    await rig.panel.showPanel();
    await settle();
    expect(rig.panel.text('#server-details')).toContain(`at ${route}:7866`);
    expect(await maskOne()).toMatch(/^done/);
  });

  function maskOne(): Promise<string> {
    rig.photoshop.openPixels(createPicture({}));
    return rig.click();
  }
});
