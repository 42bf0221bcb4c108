import { expect, test, vi } from 'vitest';
import { SubjectMemory, type TextStore } from '../../plugin/subject.ts';

function store(kept: string | null) {
  return { getItem: () => kept, setItem: vi.fn<TextStore['setItem']>() };
}

test.each([null, '', 'null', '{"subject":', 'Object', 'person', 'constructor'])('%j kept means portraits', (kept) => {
  expect(new SubjectMemory(() => store(kept)).subject).toBe('portrait');
});

test('keeps what is chosen, under a name of our own', () => {
  const kept = store('object');
  const memory = new SubjectMemory(() => kept);
  expect(memory.subject).toBe('object');
  memory.choose('portrait');
  expect(memory.subject).toBe('portrait');
  expect(kept.setItem).toHaveBeenCalledWith('hairline.subject', 'portrait');
});

test('where nothing can be kept, the choice holds for the session', () => {
  // Node has no localStorage unless it is asked for, like an old host.
  vi.stubGlobal('localStorage', undefined);
  const refuse = () => {
    throw new Error('QuotaExceededError');
  };
  const memories = [new SubjectMemory(), new SubjectMemory(() => ({ getItem: refuse, setItem: refuse }))];
  vi.unstubAllGlobals();
  for (const memory of memories) {
    expect(memory.subject).toBe('portrait');
    memory.choose('object');
    expect(memory.subject).toBe('object');
  }
});
