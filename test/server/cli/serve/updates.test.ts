import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UpdateWatch } from '../../../../server/cli/serve/updates.ts';
import { loadConfig, readSettingsFile, saveSetting } from '../../../../server/config/config.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('looking for newer versions', () => {
  let looked: number;
  let answer: () => Promise<string | null>;
  let saved: boolean[];
  let failure: string | null;
  let install: () => Promise<string | null>;
  const watch = (on: boolean) =>
    new UpdateWatch(on, {
      look: async () => {
        looked++;
        return answer();
      },
      save: async (value) => void saved.push(value),
      install: () => install(),
    });
  beforeEach(() => {
    vi.useFakeTimers();
    looked = 0;
    saved = [];
    failure = null;
    install = async () => failure;
    answer = async () => '0.2.0';
  });
  afterEach(() => vi.useRealTimers());

  it('does not happen unless it is switched on', async () => {
    const updates = watch(false);
    await vi.advanceTimersByTimeAsync(7 * DAY);
    expect([looked, updates.state]).toEqual([0, { watch: false, available: null, installing: false, failure: null }]);
  });

  it('happens soon after the start and once a day', async () => {
    const updates = watch(true);
    expect(looked).toBe(0);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect([looked, updates.state.available]).toEqual([1, '0.2.0']);
    await vi.advanceTimersByTimeAsync(DAY);
    expect(looked).toBe(2);
  });

  it('happens at once when it is switched on, and ends when it is switched off', async () => {
    const updates = watch(false);
    await updates.setWatch(true);
    await vi.advanceTimersByTimeAsync(0);
    expect([looked, updates.state.available, saved]).toEqual([1, '0.2.0', [true]]);
    await updates.setWatch(false);
    expect([updates.state.available, saved]).toEqual([null, [true, false]]);
    await vi.advanceTimersByTimeAsync(7 * DAY);
    expect(looked).toBe(1);
  });

  it('that was switched off in the middle shows nothing', async () => {
    let arrive: (version: string) => void = () => {};
    answer = () =>
      new Promise((resolve) => {
        arrive = resolve;
      });
    const updates = watch(false);
    await updates.setWatch(true);
    await updates.setWatch(false);
    arrive('0.2.0');
    await vi.advanceTimersByTimeAsync(0);
    expect(updates.state.available).toBeNull();
  });

  it('is tried again after an hour without a network', async () => {
    answer = async () => {
      throw new Error('offline');
    };
    const updates = watch(true);
    await vi.advanceTimersByTimeAsync(MINUTE);
    answer = async () => '0.2.0';
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect([looked, updates.state.available]).toEqual([2, '0.2.0']);
  });

  it('leads to an update that is wanted, whose failure is told', async () => {
    const updates = watch(false);
    updates.install();
    expect(updates.state.installing).toBe(false);
    await updates.setWatch(true);
    await vi.advanceTimersByTimeAsync(0);
    failure = 'The disk is full.';
    updates.install();
    expect(updates.state).toMatchObject({ installing: true, failure: null });
    await vi.advanceTimersByTimeAsync(0);
    expect(updates.state).toMatchObject({ installing: false, failure: 'The disk is full.' });
    install = () => Promise.reject(new Error('The log cannot be written.'));
    updates.install();
    await vi.advanceTimersByTimeAsync(0);
    expect(updates.state).toMatchObject({ installing: false, failure: 'The log cannot be written.' });
  });
});

describe('a setting that the page changes', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'hairline-setting-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is kept in the file beside those that the user wrote', async () => {
    const file = path.join(folder, 'new', 'config.json');
    await saveSetting(file, 'updates', true);
    expect(loadConfig({}, {}, readSettingsFile(file)).updates).toBe(true);
    writeFileSync(file, '\ufeff{"port": 7867, "updates": true}');
    await saveSetting(file, 'updates', false);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ port: 7867, updates: false });
  });

  it('never replaces a file that cannot be read', async () => {
    const file = path.join(folder, 'config.json');
    writeFileSync(file, '{"port": 7867,');
    await expect(saveSetting(file, 'updates', true)).rejects.toThrow('is not JSON');
    expect(readFileSync(file, 'utf8')).toBe('{"port": 7867,');
  });
});
