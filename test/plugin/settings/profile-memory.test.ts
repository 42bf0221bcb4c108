import { expect, test } from 'vitest';
import { UNCHECKED } from '../../../plugin/host-profile.ts';
import { ProfileMemory } from '../../../plugin/settings/profile-memory.ts';

function createStore() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

test('is kept for one Photoshop, system and panel', () => {
  const store = createStore();
  new ProfileMemory('26 mac 1', () => store).note({ byteReaders: ['arrayBuffer'] });
  expect(new ProfileMemory('26 mac 1', () => store).profile.byteReaders).toEqual([
    ...['arrayBuffer', 'arraybuffer', 'fetch'],
  ]);
  for (const other of ['27 mac 1', '26 win 1', '26 mac 2']) {
    expect(new ProfileMemory(other, () => store).profile).toEqual(UNCHECKED);
  }
});

test('only the last few hosts are kept', () => {
  const store = createStore();
  for (let i = 0; i < 9; i++) new ProfileMemory(`${i}`, () => store).note({ byteReaders: ['fetch'] });
  expect(JSON.parse([...store.kept.values()][0]!).map(([host]: [string]) => host)).toEqual(['5', '6', '7', '8']);
});

test.each(['', '{', '7', '[7]', '[["here"]]', '[["here",{"byteReaders":["x",7,"fetch"],"routes":"all"}]]'])(
  'what is kept may be anything: %s',
  (text) => {
    const store = createStore();
    store.kept.set('hairline.profiles', text);
    const { byteReaders, routes } = new ProfileMemory('here', () => store).profile;
    expect([...byteReaders].sort()).toEqual([...UNCHECKED.byteReaders].sort());
    expect(routes).toEqual(UNCHECKED.routes);
  },
);

test('holds without a store', () => {
  const memory = new ProfileMemory('here', () => {
    throw new Error('no store');
  });
  memory.note({ routes: ['ws://localhost'] });
  expect(memory.profile.routes[0]).toBe('ws://localhost');
  expect(memory.profile.routes).toHaveLength(UNCHECKED.routes.length);
});
