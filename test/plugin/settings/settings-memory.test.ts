import { expect, test, vi } from 'vitest';
import { DEFAULT_SETTINGS, type Settings } from '../../../plugin/settings/settings.ts';
import { SettingsMemory, type TextStore } from '../../../plugin/settings/settings-memory.ts';
import { EDGE_RANGES, NEUTRAL_EDGE } from '../../../protocol/edge.ts';

function store(kept: string | null) {
  const map = new Map<string, string>(kept === null ? [] : [['hairline.settings', kept]]);
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, text: string) => void map.set(key, text),
  };
}

const settings: Settings = {
  subject: 'object',
  refine: 'fast',
  source: 'composite',
  delivery: 'mask+color',
  existingMask: 'subtract',
  edge: { shift: -2.5, feather: 1, contrast: 40, hair: 0.3, removeSpecks: 900, fillHoles: 25, decontaminate: 0.5 },
};

test('everything chosen is there the next time', () => {
  const kept = store(null);
  const memory = new SettingsMemory(() => kept);
  expect([memory.settings, memory.address, memory.welcomed]).toEqual([DEFAULT_SETTINGS, '', false]);
  memory.choose(settings);
  memory.chooseAddress('http://127.0.0.1:7868');
  memory.noteRoute('ws://localhost:7866');
  memory.noteWelcome();
  const next = new SettingsMemory(() => kept);
  expect([next.settings, next.address, next.welcomed]).toEqual([settings, 'http://127.0.0.1:7868', true]);
  expect(next.route).toBe('ws://localhost:7866');
});

test('one choice leaves the others alone', () => {
  const memory = new SettingsMemory(() => store(JSON.stringify({ settings })));
  memory.choose({ subject: 'portrait' });
  expect(memory.settings).toEqual({ ...settings, subject: 'portrait' });
});

test.each([
  '',
  'null',
  '3',
  '[]',
  '"object"',
  '{"settings":',
  '{"settings":null}',
  '{"settings":{"edge":[]},"address":7}',
])('%s kept means nothing was chosen', (kept) => {
  const memory = new SettingsMemory(() => store(kept));
  expect([memory.settings, memory.address, memory.welcomed]).toEqual([DEFAULT_SETTINGS, '', false]);
});

test.each(Object.keys(DEFAULT_SETTINGS) as (keyof Settings)[])('what is kept as %s may be unknown', (name) => {
  for (const strange of ['constructor', 'later', 5, null, {}]) {
    const kept = JSON.stringify({ future: true, settings: { ...settings, [name]: strange, future: 1 } });
    const expected = { ...settings, [name]: DEFAULT_SETTINGS[name] };
    expect(new SettingsMemory(() => store(kept)).settings).toEqual(expected);
  }
});

test.each(Object.keys(NEUTRAL_EDGE) as (keyof typeof NEUTRAL_EDGE)[])('%s stays in its range', (name) => {
  const read = (value: unknown) =>
    new SettingsMemory(() => store(JSON.stringify({ settings: { edge: { [name]: value } } }))).settings.edge[name];
  expect([read(-1e12), read(1e12)]).toEqual([...EDGE_RANGES[name]]);
  for (const strange of ['1', null, {}, true]) expect(read(strange)).toBe(NEUTRAL_EDGE[name]);
});

test('where nothing can be kept, a choice holds for the session', () => {
  // Node has no localStorage unless it is asked for, like an old host.
  vi.stubGlobal('localStorage', undefined);
  const refuse = (): never => {
    throw new Error('QuotaExceededError');
  };
  const refusing: TextStore = { getItem: refuse, setItem: refuse };
  const memories = [new SettingsMemory(), new SettingsMemory(() => refusing)];
  vi.unstubAllGlobals();
  for (const memory of memories) {
    expect(memory.settings).toEqual(DEFAULT_SETTINGS);
    memory.choose({ delivery: 'layer' });
    memory.chooseAddress('x');
    expect([memory.settings.delivery, memory.address]).toEqual(['layer', 'x']);
  }
});
