import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProbeId } from '../../plugin/check/probe.ts';
import type { HostOptions } from '../../simulator/index.ts';
import { CheckRig, outcomeOf, type SavedReport } from './check-driver.ts';

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
