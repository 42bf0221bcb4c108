import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Cancellation, Cancelled } from '../../../plugin/cancellation.ts';
import { runModal } from '../../../plugin/host/modal-scope.ts';

type Body = (context: Context) => Promise<unknown>;
interface Context {
  isCancelled: boolean;
  onCancel?: () => void;
}

const photoshop = vi.hoisted(() => ({
  core: { executeAsModal: (_body: unknown, _options: unknown): unknown => null },
}));
vi.mock('../../../plugin/host/uxp.ts', () => photoshop);

const calls: unknown[] = [];
let context: Context;

/** How Photoshop answers executeAsModal. */
function answer(how: (body: Body) => Promise<unknown>): void {
  photoshop.core.executeAsModal = (body, options) => {
    calls.push(options);
    return how(body as Body);
  };
}

const busy = async () => {
  throw Object.assign(new Error('host is in a modal state'), { number: 9 });
};
const enter = (body: Body) => body(context);

beforeEach(() => {
  vi.useFakeTimers();
  calls.length = 0;
  context = { isCancelled: false };
});
afterEach(() => void vi.useRealTimers());

const options = { commandName: 'Test', attempts: 3 };

test('answers with what the body answered', async () => {
  answer(enter);
  await expect(runModal(options, new Cancellation(), async () => 42)).resolves.toBe(42);
  expect(calls).toEqual([{ commandName: 'Test', timeOut: 2 }]);
});

test('the error that the body threw comes out, whatever Photoshop made of it', async () => {
  answer(async (body) => {
    await body(context).catch(() => {});
    throw 'Error: something';
  });
  const thrown = new Error('mine');
  const failing = runModal(options, new Cancellation(), () => Promise.reject(thrown));
  await expect(failing).rejects.toBe(thrown);
});

test('tries again while Photoshop is busy, then says so', async () => {
  answer(busy);
  const onBusy = vi.fn();
  const result = runModal({ ...options, onBusy }, new Cancellation(), async () => 0);
  const outcome = expect(result).rejects.toMatchObject({ code: 'PHOTOSHOP_BUSY', detail: 'host is in a modal state' });
  await vi.runAllTimersAsync();
  await outcome;
  expect(calls.length).toBe(3);
  expect(onBusy).toHaveBeenCalledTimes(2);
});

test('does not try again once the body has begun', async () => {
  answer(async (body) => {
    await body(context);
    return busy();
  });
  await expect(runModal(options, new Cancellation(), async () => 0)).rejects.toMatchObject({ number: 9 });
  expect(calls.length).toBe(1);
});

test('Cancel in the panel ends the wait for a busy Photoshop', async () => {
  answer(busy);
  const cancel = new Cancellation();
  const result = expect(runModal(options, cancel, async () => 0)).rejects.toBeInstanceOf(Cancelled);
  cancel.cancel();
  await result;
});

test('Cancel in the progress bar is the same as in the panel, and outdoes whatever Photoshop throws then', async () => {
  answer(enter);
  const cancel = new Cancellation();
  const result = runModal(options, cancel, async () => {
    context.onCancel?.();
    throw new Error('The user cancelled the operation');
  });
  await expect(result).rejects.toBeInstanceOf(Cancelled);
  expect(cancel.cancelled).toBe(true);
});

test('notices a cancel that Photoshop only marks in the context', async () => {
  answer(enter);
  const result = runModal(options, new Cancellation(), async (scope) => {
    context.isCancelled = true;
    scope.check();
  });
  await expect(result).rejects.toBeInstanceOf(Cancelled);
});
