import type { Duplex, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { LoadState } from '../matting/model-status.ts';
import { WHOLE_BYTES } from './encode-answer.ts';
import type { Answer, Engine, Usage } from './engine.ts';
import { Channel } from './wire/channel.ts';
import { type Call, type EngineSettings, type Order, packError, type Report } from './wire/messages.ts';

/** Bytes of a streamed answer in flight: the child pauses there until the client has read some. */
const STREAM_WINDOW = 4 * 1024 * 1024;

/** Milliseconds allowed for releasing the networks. */
const CLOSE_WITHIN = 1_000;

/** Milliseconds between two checks of its own memory. */
const USAGE_EVERY = 10_000;

export interface WorkerTools {
  log(fields: object, text: string): void;
  onModel(id: string, state: LoadState | null): void;
}

export type OpenEngine = (settings: EngineSettings, tools: WorkerTools) => Engine;

interface Job {
  readonly stopping: AbortController;
  /** The picture received so far. */
  body: Buffer | null;
  filled: number;
  begin: ((body: Buffer) => void) | null;
  credit: number;
  onCredit: (() => void) | null;
}

/**
 * The child's end of the pipe: runs the parent's calls on an engine in this process.
 * @param leave ends the process; called when the parent asks for it or is gone
 */
export function serveEngine(pipe: Duplex, open: OpenEngine, leave: () => void): void {
  const jobs = new Map<number, Job>();
  let engine: Engine | null = null;
  const channel = new Channel<Order, Report>(pipe, {
    onMessage: (order) => obey(order),
    onBytes(id, part) {
      const job = jobs.get(id);
      if (!job?.body) return;
      job.filled += part.copy(job.body, job.filled);
      if (job.filled === job.body.length) job.begin?.(job.body);
    },
    onClose: leave,
  });

  function obey(order: Order): void {
    if (order.type === 'start') {
      engine = open(order.settings, {
        log: (fields, text) => channel.send({ type: 'log', fields, text }),
        onModel: (id, state) => channel.send({ type: 'model', id, state }),
      });
      channel.send({ type: 'up' });
      reportUsage();
      setInterval(reportUsage, USAGE_EVERY).unref();
    } else if (order.type === 'call') {
      take(order.id, order.call);
    } else if (order.type === 'abort') {
      const job = jobs.get(order.id);
      job?.stopping.abort(new AppError('CANCELLED'));
      job?.onCredit?.();
    } else if (order.type === 'credit') {
      const job = jobs.get(order.id);
      if (!job) return;
      job.credit += order.bytes;
      job.onCredit?.();
    } else {
      close();
    }
  }

  function take(id: number, call: Call): void {
    const job: Job = {
      stopping: new AbortController(),
      body: null,
      filled: 0,
      begin: null,
      credit: STREAM_WINDOW,
      onCredit: null,
    };
    jobs.set(id, job);
    work(id, call, job)
      .catch((error) => channel.send({ type: 'failed', id, error: packError(error) }))
      .finally(() => {
        jobs.delete(id);
        reportUsage();
      });
  }

  async function work(id: number, call: Call, job: Job): Promise<void> {
    if (!engine) throw new Error('The engine was not started.');
    const { signal } = job.stopping;
    switch (call.ask) {
      case 'matte': {
        const body = await receive(job, call.bytes);
        const onProgress = (fraction: number) => channel.send({ type: 'progress', id, fraction });
        return answer(id, job, await engine.matte(call.task, body, { signal, onProgress }));
      }
      case 'edge':
        return answer(id, job, await engine.edge(call.task, { signal }));
      case 'weigh-edge':
        return channel.send({ type: 'done', id, value: await engine.weighEdge(call.task) });
      case 'forget':
        return channel.send({ type: 'done', id, value: await engine.forget(call.matte) });
      case 'load':
        await engine.prepare(call.model);
        return channel.send({ type: 'done', id });
    }
  }

  /** @throws the abort reason when the picture is no longer wanted */
  function receive(job: Job, bytes: number): Promise<Buffer> {
    // `allocUnsafeSlow`: not from the shared pool, so that the memory is released with the picture.
    const body = Buffer.allocUnsafeSlow(bytes);
    if (bytes === 0) return Promise.resolve(body);
    return new Promise((resolve, reject) => {
      job.body = body;
      const done = () => {
        job.body = null;
        job.begin = null;
      };
      job.begin = (filled) => {
        done();
        resolve(filled);
      };
      job.stopping.signal.addEventListener('abort', () => {
        done();
        reject(job.stopping.signal.reason);
      });
    });
  }

  async function answer(id: number, job: Job, { body, ...head }: Answer): Promise<void> {
    const { signal } = job.stopping;
    const isSmall = Number(head.headers['content-length']) <= WHOLE_BYTES;
    const whole = Buffer.isBuffer(body) ? body : isSmall ? Buffer.concat((await body.toArray()) as Buffer[]) : null;
    if (whole) {
      signal.throwIfAborted();
      channel.send({ type: 'answer', id, head, bytes: whole.byteLength });
      await channel.sendBytes(id, whole, () => !signal.aborted);
      // The rest of the body never arrives then: answer now, or the parent takes this process for hung.
      return signal.throwIfAborted();
    }
    channel.send({ type: 'answer', id, head, bytes: null });
    for await (const chunk of body as Readable) {
      while (job.credit <= 0 && !signal.aborted) await new Promise<void>((resolve) => (job.onCredit = resolve));
      signal.throwIfAborted();
      job.credit -= (chunk as Buffer).byteLength;
      await channel.sendBytes(id, chunk as Buffer, () => !signal.aborted);
    }
    channel.send({ type: 'done', id });
  }

  function reportUsage(): void {
    channel.send({ type: 'usage', usage: readUsage() });
  }

  /** The parent has waited for the work it still wants; a model still loading is not waited for. */
  async function close(): Promise<void> {
    await Promise.race([engine?.close().catch(() => undefined), delay(CLOSE_WITHIN)]);
    leave();
  }
}

function readUsage(): Usage {
  // maxRSS is in kilobytes on every platform (Node documentation, process.resourceUsage).
  const peak = process.resourceUsage().maxRSS * 1024;
  return { pid: process.pid, rss: process.memoryUsage.rss(), peak };
}
