import { describe, expect, test, vi } from 'vitest';
import type { HostDocument, HostOptions, LayerKind } from '../../simulator/index.ts';
import { filledMask } from '../../simulator/layer-mask.ts';
import { CommandsFixture } from './commands-fixture.ts';

vi.mock('../../plugin/host/uxp.ts', async () => (await import('./live-photoshop.ts')).uxp);

const SIDE = 24;

function open(faults: HostOptions['faults'], kind: LayerKind = 'pixel') {
  const rig = new CommandsFixture({ faults: { ...faults } });
  const doc = rig.photoshop.createDocument({ width: SIDE, height: SIDE });
  const data = new Uint8Array(SIDE * SIDE * 4).map((_, i) =>
    i % 4 === 3 ? 255 : i % 4 === 0 && i % 8 === 0 ? 255 : 0,
  );
  const parent = kind === 'group' ? doc.addLayer({ name: 'Group', kind }) : null;
  doc.addLayer({ name: 'Model', kind: kind === 'group' ? 'pixel' : kind, data, channels: 4, parent });
  doc.activeLayers = [doc.layers[0]!];
  const other = rig.photoshop.createDocument({ name: 'other', width: 4, height: 4 });
  rig.photoshop.activeDocument = doc;
  return { rig, doc, other };
}

const valuesOf = (doc: HostDocument) => [...doc.layers[0]!.mask!.data];

describe('healthy layers that Photoshop does not hand out', () => {
  const cases: [string, LayerKind, HostOptions['faults']][] = [
    ['a pixel layer', 'pixel', { documentUnreadable: -32005 }],
    ['a pixel layer, with the other number', 'pixel', { documentUnreadable: -1 }],
    ['a text layer whose copy lands elsewhere', 'text', { documentUnreadable: -1, copiesLandOff: 5 }],
    ['a smart object', 'smartObject', { documentUnreadable: -32005 }],
    ['a smart object that must be rasterized', 'smartObject', { smartObjectsUnreadable: true }],
    ['a smart object of which both is true', 'smartObject', { documentUnreadable: -1, smartObjectsUnreadable: true }],
    ['a group', 'group', { documentUnreadable: -32005, copiesLandOff: -3 }],
  ];

  test.each(cases)('%s is read from a copy, and gets the same mask', async (_, kind, faults) => {
    const healthy = open({}, kind);
    expect(await healthy.rig.run()).toBe('done');
    const { rig, doc, other } = open(faults, kind);
    const before = { states: doc.historyStates.length, active: doc.activeLayers };
    expect(await rig.run(), rig.detail).toBe('done');
    expect(valuesOf(doc)).toEqual(valuesOf(healthy.doc));
    expect(doc.historyStates.slice(before.states).map(({ name }) => name)).toEqual(['Hairline mask']);
    expect(doc.activeLayers).toEqual(before.active);
    expect(rig.photoshop.documents).toEqual([doc, other]);
    expect(rig.photoshop.activeDocument).toBe(doc);
    doc.undo();
    expect(doc.layers[0]!.mask).toBeNull();
  });

  const hiding: [string, HostOptions['faults']][] = [
    ['tells its bounds without the mask', {}],
    ['does not tell them', { boundsNoMaskMissing: true }],
  ];

  test.each(hiding)(
    'a layer that its mask hides entirely is read where its copy lies, if Photoshop %s',
    async (_, faults) => {
      const values = [];
      for (const unreadable of [{}, { documentUnreadable: -32005, copiesLandOff: 5 } as const]) {
        const { rig, doc } = open({ ...faults, ...unreadable });
        const [layer] = doc.layers;
        layer!.mask = filledMask(doc.rect, doc.depth, 0);
        expect(await rig.run({ existingMask: 'replace' }), rig.detail).toBe('done');
        values.push(valuesOf(doc));
      }
      expect(values[1]).toEqual(values[0]);
      expect(new Set(values[0]).size).toBeGreaterThan(1);
    },
  );

  test('a document of 32 bits, whose profile Photoshop names as no plugin may', async () => {
    const masks = [];
    for (const faults of [{}, { documentUnreadable: -1 } as const]) {
      const rig = new CommandsFixture({ faults });
      const data = new Float32Array(SIDE * SIDE * 4).map((_, i) => (i % 4 === 3 ? 1 : (i % 7) / 7));
      const doc = rig.photoshop.openPixels({ width: SIDE, height: SIDE, depth: 32, data, channels: 4 });
      expect(await rig.run(), rig.detail).toBe('done');
      expect(rig.photoshop.refusedProfiles).toEqual([]);
      masks.push(valuesOf(doc));
    }
    expect(masks[1]).toEqual(masks[0]);
  });

  test('what all layers show is read from a merged copy of the document', async () => {
    const wish = { source: 'composite', delivery: 'selection' } as const;
    const healthy = open({});
    expect(await healthy.rig.run(wish)).toBe('done');
    const { rig, doc, other } = open({ documentUnreadable: -32005 });
    expect(await rig.run(wish), rig.detail).toBe('done');
    expect(doc.selection).toEqual(healthy.doc.selection);
    expect(rig.photoshop.documents).toEqual([doc, other]);
    expect(rig.photoshop.activeDocument).toBe(doc);
  });

  test('Esc at any moment leaves no copy, and the user where they were', async () => {
    for (let moment = 0; moment < 40; moment++) {
      const { rig, doc, other } = open({ documentUnreadable: -1, smartObjectsUnreadable: true }, 'smartObject');
      const before = doc.snapshot();
      let calls = 0;
      rig.photoshop.onCall = () => {
        if (calls++ === moment && rig.photoshop.isModal) rig.photoshop.cancelModal();
      };
      const end = await rig.run();
      expect(['done', 'cancelled'], String(moment)).toContain(end);
      expect(rig.photoshop.documents, String(moment)).toEqual([doc, other]);
      expect(rig.photoshop.activeDocument, String(moment)).toBe(doc);
      if (end === 'cancelled') expect(doc.snapshot(), String(moment)).toBe(before);
    }
  });
});

/** How the run ends, or what the box says that keeps it from ending. */
async function runOrAlert(rig: CommandsFixture, wish: Parameters<CommandsFixture['run']>[0] = {}): Promise<string> {
  let end = '';
  const running = rig.run(wish).then((answer) => {
    end = answer;
  });
  const { photoshop } = rig;
  while (end === '' && photoshop.alerts.length === 0) {
    await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 5))]);
  }
  return photoshop.alerts[0] ?? end;
}

describe('boxes that wait for the user', () => {
  test('a run asks nothing of Photoshop outside modal scopes', async () => {
    const { rig } = open({ getsOutsideModalAlert: true });
    expect(await runOrAlert(rig)).toBe('done');
  });

  test('a command that fails raises none', async () => {
    const { rig, doc } = open({ boundsNoMaskMissing: true, maskZeroBlockTurnsWhite: true });
    doc.layers[0]!.mask = filledMask(doc.rect, doc.depth, doc.white);
    expect(await runOrAlert(rig, { existingMask: 'replace' })).toBe('done');
    rig.photoshop.activeDocument!.layers[0]!.locks.all = true;
    const { core, action } = rig.photoshop.photoshop();
    const play = (options: object) =>
      core.executeAsModal(
        async () => action.batchPlay([{ _obj: 'mergeLayersNew', _options: { dialogOptions: 'dontDisplay' } }], options),
        { commandName: 'x' },
      );
    const stalled = play({ dialogOptions: 'silent' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rig.photoshop.alerts).toHaveLength(1);
    rig.photoshop.closeAlert();
    await stalled;
  });
});
