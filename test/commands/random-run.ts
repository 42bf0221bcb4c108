import { PluginError } from '../../plugin/errors.ts';
import { DEFAULT_SETTINGS, DELIVERIES, MASK_POLICIES, type Settings, SOURCES } from '../../plugin/settings/settings.ts';
import { NEUTRAL_EDGE } from '../../protocol/edge.ts';
import type { CommandsFixture } from './commands-fixture.ts';
import type { Random } from './random-document.ts';

export function createSettings(random: Random): Settings {
  return {
    ...DEFAULT_SETTINGS,
    delivery: random.pick(DELIVERIES),
    source: random.pick([...SOURCES, 'layers', 'layers']),
    existingMask: random.pick(MASK_POLICIES),
    edge: {
      ...NEUTRAL_EDGE,
      contrast: random.pick([0, 0, 50]),
      decontaminate: random.pick([1, 1, 0.5, 0]),
    },
  };
}

/** Cancel at any moment, a server that dies, a user who goes elsewhere. */
export function disturb(random: Random, rig: CommandsFixture): void {
  const { photoshop, client } = rig;
  if (random.chance(0.5)) {
    const isEsc = random.chance(0.5);
    const count = (left: number) => {
      if (left > 0) setImmediate(() => count(left - 1));
      else if (!isEsc) rig.cancel.cancel();
      else if (photoshop.isModal) photoshop.cancelModal();
    };
    const scope = random.whole(0, 4);
    let entered = 0;
    const turns = random.whole(0, random.pick([6, 20, 60]));
    if (random.chance(0.2)) setImmediate(() => count(turns));
    else {
      photoshop.onModalEnter = () => {
        if (entered++ === scope % 2) count(turns);
      };
    }
  }
  if (random.chance(0.06)) client.failure = new PluginError('SERVER_LOST');
  if (random.chance(0.3)) {
    client.onPicture = () => {
      photoshop.createDocument({ width: 5, height: 5 }).addLayer({ name: 'Other' });
    };
  }
}
