import { expect, test, vi } from 'vitest';
import { createPicture } from '../scenarios/pictures.ts';
import { addedStates, CommandsRig } from './commands-rig.ts';

vi.mock('../../plugin/host/uxp.ts', async () => (await import('./live-photoshop.ts')).uxp);

test.each(['mask', 'selection', 'channel', 'layer', 'mask+colour'] as const)('%s', async (delivery) => {
  const rig = new CommandsRig();
  const doc = rig.photoshop.openPixels(createPicture({ width: 30, height: 20 }));
  const states = doc.historyStates.length;
  expect(`${await rig.run({ delivery })} ${rig.detail}`).toBe('done ');
  console.log(
    delivery,
    addedStates(doc, states),
    doc.layers.map((l) => [l.name, l.visible, l.clipped, !!l.mask]),
    doc.channels.map((c) => c.name),
    !!doc.selection,
  );
});
