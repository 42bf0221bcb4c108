import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Faults } from '../../simulator/faults.ts';
import { Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: Rig;
let folder: string;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
  folder = mkdtempSync(path.join(os.tmpdir(), 'hairline-choices-'));
});
afterEach(async () => {
  await rig.close();
  rmSync(folder, { recursive: true, force: true });
});

type Choices = Pick<Faults, 'choiceEvents' | 'groupKnows'>;

describe('a choice is heard where it is told by', () => {
  test.each<Choices>([
    { choiceEvents: 'item', groupKnows: 'nothing' },
    { choiceEvents: 'group', groupKnows: 'value' },
    { choiceEvents: 'group', groupKnows: 'selected' },
    { choiceEvents: 'group', groupKnows: 'nothing' },
  ])('the $choiceEvents, and the group knows $groupKnows', async (faults) => {
    await rig.open({ faults });
    const { panel, photoshop } = rig;
    photoshop.openPixels({ ...createPicture({}), name: 'a.jpg', path: path.join(folder, 'a.jpg') });
    panel.click('#subject sp-radio[value="object"]');
    panel.click('#options-toggle');
    panel.click('#refine sp-menu-item:first-child');
    expect(panel.text('#options-summary')).toContain('Fast');
    panel.click('#batch-save sp-radio[value="tiff"]');
    panel.click('#batch-save sp-radio[value="png"]');
    panel.click('#batch-start');
    await panel.waitFor(() => /^Finished/.test(panel.text('#batch-status')), 20_000, 'the end of the batch');
    expect(rig.server.received.map(({ subject }) => subject)).toEqual(['object']);
    expect(readdirSync(folder)).toEqual(['a-masked.png']);
    expect(panel.errors).toEqual([]);
  });
});
