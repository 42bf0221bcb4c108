import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostOptions } from '../../simulator/index.ts';
import { en } from '../../words/panel/en.ts';
import { expectEllipse, Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
});
afterEach(() => rig.close());

type Rules = Required<Pick<HostOptions, 'permissionMatching' | 'platform' | 'slowLocalhost'>> & {
  manifest: 'all' | 'listed';
};

/** Every combination of what the manifest asks for, what Photoshop lets through, the system, and a slow `::1`. */
const combinations = (['all', 'listed'] as const).flatMap((manifest) =>
  (['names', 'literals', 'all', 'none'] as const).flatMap((permissionMatching) =>
    (['win32', 'darwin'] as const).flatMap((platform) =>
      [0, 2000].map((slowLocalhost): Rules => ({ manifest, permissionMatching, platform, slowLocalhost })),
    ),
  ),
);

/** The first way that these rules leave open; null: none. */
function wayThrough({ manifest, permissionMatching, platform }: Rules): string | null {
  if (permissionMatching === 'none') return null;
  if (manifest === 'all' || permissionMatching !== 'names') return 'http://127.0.0.1:7866';
  return platform === 'darwin' ? 'ws://localhost:7866' : 'http://localhost:7866';
}

const details = (origin: string) => `Version 0.1.0 at ${origin}`;

describe('with a server that runs', () => {
  test.each(combinations)(
    '$manifest / $permissionMatching / $platform / ::1 refuses after $slowLocalhost ms',
    async (rules) => {
      const { manifest, ...options } = rules;
      await rig.open(options, manifest);
      const way = wayThrough(rules);
      if (way === null) {
        await rig.panel.waitFor(
          () => rig.panel.text('#status') === en.errors.PERMISSION_DENIED[0],
          10_000,
          'the denial',
        );
        expect(rig.panel.text('#detail')).toContain('Manifest entry not found.');
        expect(rig.panel.isVisible('#server-help')).toBe(false);
        return;
      }
      await rig.panel.waitFor(() => rig.panel.text('#server-details') === details(way), 10_000, way);
      const doc = rig.photoshop.openPixels(createPicture({}));
      expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
      expectEllipse(doc, 'Layer 0');
      rig.expectClean();
    },
  );
});

describe('with a server that does not run', () => {
  const open = combinations.filter((rules) => wayThrough(rules) !== null && rules.slowLocalhost === 0);
  test.each(open)('$manifest / $permissionMatching / $platform', async ({ manifest, ...options }) => {
    await rig.open({ ...options, ports: {} }, manifest);
    await rig.panel.waitFor(
      () => rig.panel.text('#status') === en.errors.NOT_RUNNING[0],
      10_000,
      'that it does not run',
    );
    expect(rig.panel.isVisible('#server-help')).toBe(true);
  });
});

test('a name that is never found does not keep an address waiting', async () => {
  await rig.open({ slowLocalhost: 600_000 });
  await rig.panel.waitFor(() => rig.panel.text('#server-details') === details('http://127.0.0.1:7866'), 10_000);
});

test('what answered is asked first at the next start', async () => {
  await rig.open({}, 'listed');
  await rig.panel.waitFor(() => rig.panel.text('#server-details') === details('http://localhost:7866'), 10_000);
  const kept = rig.panel.window.localStorage as Storage;
  expect(kept.getItem('hairline.settings')).toContain('"route":"http://localhost:7866"');
});

describe('bytes', () => {
  const spellings = ['arraybuffer', 'arrayBuffer', 'neither'] as const;
  const refusals = ['text', 'null', 'throws'] as const;
  test.each(spellings.flatMap((spelling) => refusals.map((refusal) => [spelling, refusal] as const)))(
    'are read where %s gives them and others give %s',
    async (arrayBufferSpelling, unknownResponseType) => {
      await rig.open({ faults: { arrayBufferSpelling, unknownResponseType } });
      const doc = rig.photoshop.openPixels(createPicture({}));
      expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
      expectEllipse(doc, 'Layer 0');
      rig.expectClean();
    },
  );
});

test('through a WebSocket, Cancel leaves the document as it was', async () => {
  await rig.open({ platform: 'darwin' }, 'listed');
  await rig.panel.waitFor(() => rig.panel.text('#server-details') === details('ws://localhost:7866'), 10_000);
  const doc = rig.photoshop.openPixels(createPicture({}));
  const before = doc.snapshot();
  rig.server.onPicture = () => rig.panel.click('#cancel');
  expect(await rig.click()).toBe('cancelled: Cancelled.');
  expect(doc.snapshot()).toBe(before);
  rig.expectClean();
});
