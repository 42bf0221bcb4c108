import { expect, test } from 'vitest';
import type { LayerResult } from '../../../plugin/commands/result.ts';
import { PluginError, ServerError } from '../../../plugin/errors.ts';
import { DELIVERIES } from '../../../plugin/settings/settings.ts';
import { describeError, describeServer, describeView } from '../../../plugin/ui/messages.ts';
import type { Ready } from '../../../protocol/schemas/status.ts';
import { en } from '../../../words/panel/en.ts';
import { zh } from '../../../words/panel/zh.ts';

test.each(Object.entries(en.errors))('%s is one sentence and one next step', (_code, [message, hint]) => {
  for (const text of [message, hint]) {
    expect(text).toMatch(/^["A-Z{].*[.]$/);
    expect(text).not.toMatch(/[!]|please|oops|exception/i);
  }
});

test('fills in names, and keeps what Photoshop said as secondary text', () => {
  const error = new PluginError('ARTBOARD', { layer: 'Sky {mode}' }, 'raw words');
  expect(describeError(error, en)).toMatchObject({ message: '"Sky {mode}" is an artboard.', detail: 'raw words' });
  expect(describeError(new PluginError('COLOR_MODE', { mode: 'indexedColorMode' }), en).message).toContain(
    'Indexed Color mode',
  );
});

test('shows the words of the server as they are', () => {
  const error = new ServerError('X', 'It broke.', 'Mend it.');
  expect(describeError(error, en)).toEqual({ message: 'It broke.', hint: 'Mend it.', detail: '' });
});

test('has a sentence for unexpected errors', () => {
  for (const thrown of [new TypeError('x is undefined'), 'x is undefined', { message: 'x is undefined' }]) {
    expect(describeError(thrown, en)).toEqual({
      message: en.errors.UNEXPECTED[0],
      hint: en.errors.UNEXPECTED[1],
      detail: 'x is undefined',
    });
  }
});

test('says how far the upload is', () => {
  const view = { panel: { name: 'uploading', fraction: 0.456 }, server: { name: 'unknown' } } as const;
  expect(describeView(view, en).hint).toBe('46 %');
});

test.each([
  ['answer', 'Finding the subject.'],
  ['queue', 'Waiting for other pictures to finish.'],
  ['model', 'The model is being downloaded.'],
] as const)('says what a run waits for (%s)', (what, sentence) => {
  const view = { panel: { name: 'waiting', for: what }, server: { name: 'unknown' } } as const;
  expect(describeView(view, en).message).toBe(sentence);
});

test('an idle panel says that the server is not running, with a button in place of a hint; one with other news does not', () => {
  const server = { name: 'offline', error: new PluginError('NOT_RUNNING') } as const;
  const idle = { name: 'idle' } as const;
  expect(describeView({ panel: idle, server }, en)).toMatchObject({ message: en.errors.NOT_RUNNING[0], hint: '' });
  expect(describeView({ panel: { name: 'cancelled' }, server }, en).message).toBe(en.status.cancelled[0]);
  const denied = { name: 'offline', error: new PluginError('PERMISSION_DENIED') } as const;
  expect(describeView({ panel: idle, server: denied }, en).hint).toBe(en.errors.PERMISSION_DENIED[1]);
});

test('says what was made, and of which layers nothing', () => {
  const say = (layers: LayerResult[]) =>
    describeView(
      {
        panel: { name: 'done', result: { layers, model: '', provider: '', refinable: null } },
        server: { name: 'unknown' },
      },
      en,
    );
  expect(say([{ layerName: 'A', outcome: 'channel' }]).message).toBe('Alpha channel added for "A".');
  const several = say([
    { layerName: 'A', outcome: 'mask' },
    { layerName: 'Sky', outcome: 'no-subject' },
    { layerName: 'B', outcome: 'mask' },
  ]);
  expect(several.message).toBe('Masks added to 2 layers.');
  expect(several.hint).toBe('No subject was found in: "Sky". To undo, choose Edit > Undo.');
});

test.each([en, zh])(
  'every result has a sentence of its own, for one layer and for more, and says how to undo it',
  (strings) => {
    const describe = (outcome: LayerResult['outcome'], count: number) => {
      const layers = Array.from({ length: count }, (_, index) => ({ layerName: `Layer ${index}`, outcome }));
      const result = { layers, model: '', provider: '', refinable: null };
      return describeView({ panel: { name: 'done', result }, server: { name: 'unknown' } }, strings);
    };
    const said = DELIVERIES.flatMap((delivery) => [describe(delivery, 1), describe(delivery, 3)]);
    expect(new Set(said.map(({ message }) => message)).size).toBe(2 * DELIVERIES.length);
    for (const [index, { message, hint }] of said.entries()) {
      expect(message).toContain(index % 2 === 0 ? 'Layer 0' : '3');
      expect(message).not.toContain('{');
      expect(hint).toContain(strings === en ? 'Edit > Undo' : '“编辑”>“还原”');
    }
  },
);

test('says at which of several layers a run is, and its place in the queue', () => {
  const part = { index: 2, of: 5 };
  const say = (change: Partial<Ready>) => {
    const server = {
      name: 'online',
      server: { origin: '', health, ready: { ...ready, state: 'ready', ...change } },
    } as const;
    return describeView({ panel: { name: 'waiting', for: 'answer', part }, server }, en);
  };
  expect(say({ queued: 3, place: 2 })).toMatchObject({
    message: 'Waiting for other pictures to finish.',
    hint: 'Layer 2 of 5. Position in the queue: 2. You can keep working in Photoshop.',
  });
  // Its turn has come.
  expect(say({ queued: 3, place: null })).toMatchObject({
    message: 'Finding the subject.',
    hint: 'Layer 2 of 5. You can keep working in Photoshop.',
  });
});

const health = { name: 'hairline', version: '2.0.0', protocol: 1 } as const;
const ready = {
  ...{ ...health, ready: true, model: 'isnet', provider: 'cpu', label: null },
  ...{ reason: null, queued: 0, place: null },
};
test.each([
  [{ state: 'ready' }, 'isnet on CPU'],
  [{ state: 'ready', reason: 'No supported GPU was found.' }, 'isnet on CPU. No supported GPU was found.'],
  [{ state: 'ready', provider: 'newthing' }, 'isnet on newthing'],
  [{ state: 'loading', provider: null }, 'isnet is loading'],
  [{ state: 'missing', provider: null }, 'isnet is not downloaded yet'],
] as const)('server line for %o', (change, text) => {
  const server = { origin: '', health, ready: { ...ready, ...change } };
  expect(describeServer({ name: 'online', server }, en)).toBe(text);
});

test('server line when there is none that fits', () => {
  expect(describeServer({ name: 'offline', error: new PluginError('NOT_RUNNING') }, en)).toBe('Server not running');
  const error = new PluginError('SERVER_NEWER', { version: '2.0.0' });
  expect(describeServer({ name: 'offline', error }, en)).toBe('Server 2.0.0 is not compatible with this panel');
});

test('says what the server reports in the language of the panel, as far as it is known there', () => {
  expect(describeError(new ServerError('QUEUE_FULL', 'Busy.', 'Wait.'), zh).message).toBe(
    zh.serverErrors.QUEUE_FULL![0],
  );
  expect(describeError(new ServerError('NEWER', 'It broke.', 'Mend it.'), zh).message).toBe('It broke.');
});
