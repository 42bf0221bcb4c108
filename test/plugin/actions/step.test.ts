import { describe, expect, test } from 'vitest';
import { readBatchStep, readStep, writeBatchStep, writeStep } from '../../../plugin/actions/step.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../plugin/settings/settings.ts';

const settings: Settings = {
  subject: 'object',
  refine: 'fast',
  source: 'composite',
  delivery: 'channel',
  existingMask: 'intersect',
  edge: { shift: -3, feather: 1.5, contrast: 20, hair: 0.25, removeSpecks: 40, fillHoles: 60, decontaminate: 0.5 },
};

const VERSION = 'com.hairline.version';
const SETTINGS = 'com.hairline.settings';
const BATCH = 'com.hairline.batch';
const step = (fields: object, version = 1) => ({ [VERSION]: version, [SETTINGS]: JSON.stringify(fields) });

test('reads back a step from an Action file as it was recorded', () => {
  const kept = JSON.parse(JSON.stringify(writeStep(settings)));
  expect(readStep(kept)).toEqual(settings);
  expect(Object.keys(kept).every((key) => key.startsWith('com.hairline.'))).toBe(true);
  expect(Object.values(kept).every((value) => typeof value === 'string' || typeof value === 'number')).toBe(true);
});

test('still plays a step recorded with version 1', () => {
  // Word for word what version 1 wrote; never change it.
  const recorded = {
    'com.hairline.version': 1,
    'com.hairline.settings':
      '{"subject":"object","refine":"fast","source":"composite","delivery":"channel","existingMask":"intersect",' +
      '"edge":{"shift":-3,"feather":1.5,"contrast":20,"hair":0.25,"removeSpecks":40,"fillHoles":60,"decontaminate":0.5}}',
  };
  expect(readStep(recorded)).toEqual(settings);
  expect(writeStep(settings)).toEqual(recorded);
});

test('a step without the settings of later versions has them at their defaults', () => {
  expect(readStep(step({ subject: 'object' }))).toEqual({
    ...DEFAULT_SETTINGS,
    subject: 'object',
    existingMask: 'replace',
  });
  expect(readStep(step({ edge: { feather: 2 } })).edge).toEqual({ ...DEFAULT_SETTINGS.edge, feather: 2 });
});

test('ignores unknown settings', () => {
  const extra = {
    ...step({ ...settings, glow: 'green', edge: { ...settings.edge, sparkle: 9 } }),
    'com.other.key': {},
  };
  expect(readStep(extra)).toEqual(settings);
});

test('never asks when played', () => {
  expect(readStep(writeStep({ ...settings, existingMask: 'ask' })).existingMask).toBe('replace');
  expect(readStep(step({ existingMask: 'ask' })).existingMask).toBe('replace');
});

describe('fails clearly', () => {
  test.each<[string, unknown]>([
    ['STEP_NEWER', step(settings, 2)],
    ['STEP_NEWER', { ...writeStep(settings), [VERSION]: 99 }],
    ['STEP_BROKEN', undefined],
    ['STEP_BROKEN', null],
    ['STEP_BROKEN', {}],
    ['STEP_BROKEN', 'text'],
    ['STEP_BROKEN', { [SETTINGS]: '{}' }],
    ['STEP_BROKEN', { [VERSION]: '1', [SETTINGS]: '{}' }],
    ['STEP_BROKEN', { [VERSION]: Number.NaN, [SETTINGS]: '{}' }],
    ['STEP_BROKEN', { [VERSION]: 0, [SETTINGS]: '{}' }],
    ['STEP_BROKEN', { [VERSION]: 1 }],
    ['STEP_BROKEN', { [VERSION]: 1, [SETTINGS]: settings }],
    ['STEP_BROKEN', { [VERSION]: 1, [SETTINGS]: '{"subject":' }],
    ['STEP_BROKEN', { [VERSION]: 1, [SETTINGS]: 'null' }],
    ['STEP_BROKEN', step({ subject: 'dog' })],
    ['STEP_BROKEN', step({ delivery: 7 })],
    ['STEP_BROKEN', step({ edge: { shift: 21 } })],
    ['STEP_BROKEN', step({ edge: { feather: '2' } })],
    ['STEP_BROKEN', step({ edge: null })],
  ])('%s: %j', (code, info) => {
    expect(() => readStep(info)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a step for all open documents', () => {
  test.each([
    { settings, redoMasked: true, save: null },
    { settings, redoMasked: false, save: { format: 'tiff', folder: null } as const },
  ])('comes back as it was recorded: %j', (options) => {
    expect(readBatchStep(JSON.parse(JSON.stringify(writeBatchStep(options))))).toEqual(options);
  });

  test('does not keep a folder that it could not find again', () => {
    const written = writeBatchStep({ settings, redoMasked: false, save: { format: 'psd', folder: { name: 'out' } } });
    expect(readBatchStep(written).save).toBeNull();
  });

  test('without its own settings only masks', () => {
    expect(readBatchStep(writeStep(settings))).toEqual({ settings, redoMasked: false, save: null });
  });

  test.each(['{"redoMasked":1}', '{"format":"bmp"}', '{'])('fails for %s', (text) => {
    const info = { ...writeStep(settings), [BATCH]: text };
    expect(() => readBatchStep(info)).toThrow(expect.objectContaining({ code: 'STEP_BROKEN' }));
  });
});
