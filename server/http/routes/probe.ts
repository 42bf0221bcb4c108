import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { MAX_PROBE_BYTES } from '../../../protocol/limits.ts';
import { RAW_TYPE } from '../../../protocol/matte.ts';
import { Probe, ProbeId, ProbeQuery } from '../../../protocol/schemas/probe.ts';
import { isLoopbackAddress, isLoopbackHost } from '../../access/access-control.ts';
import { AppError } from '../../errors.ts';
import { EVERYWHERE, failures } from '../failures.ts';
import { whenClosed } from '../when-closed.ts';

/** Probes that wait or send at a time, and probes that are remembered. */
const MAX_OPEN = 8;
const MAX_KNOWN = 32;

/** What is known of the probes of late. */
export class Probes {
  readonly #known = new Map<string, Probe>();
  readonly #stopping = new AbortController();
  #open = 0;

  /** @throws {AppError} QUEUE_FULL */
  begin(id: string | undefined, reply: FastifyReply): Probe {
    if (this.#open >= MAX_OPEN) throw new AppError('QUEUE_FULL');
    this.#open++;
    const probe: Probe = { state: 'open', received: 0 };
    if (id !== undefined) this.#remember(id, probe);
    whenClosed(reply, () => {
      this.#open--;
      probe.state = reply.raw.writableFinished ? 'answered' : 'closed';
    });
    return probe;
  }

  find(id: string): Probe | undefined {
    return this.#known.get(id);
  }

  /** @throws {AppError} SHUTTING_DOWN, or the reason of `signal` */
  async wait(seconds: number, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#stopping.signal]);
    await sleep(seconds * 1000, undefined, { signal: either }).catch(() => either.throwIfAborted());
  }

  /** Closing does not wait for probes: no user's work depends on them. */
  stop(): void {
    this.#stopping.abort(new AppError('SHUTTING_DOWN'));
  }

  #remember(id: string, probe: Probe): void {
    this.#known.delete(id);
    this.#known.set(id, probe);
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!);
  }
}

/**
 * `/v1/probe`, for the panel's check of how Photoshop talks to the network: takes up to `MAX_PROBE_BYTES` and keeps none
 * of them, answers as late as it is asked to, and tells afterwards whether a client that gave up has closed its connection.
 * Clients on other computers get 404, paired or not.
 */
export async function registerProbe(app: FastifyInstance, probes: Probes): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRequest', async ({ headers, socket }) => {
      const local = isLoopbackAddress(socket.remoteAddress ?? '') && isLoopbackHost(headers.host, socket.localPort);
      if (!local) throw new AppError('NOT_FOUND');
    });
    // Counted while they pass, never kept.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(RAW_TYPE, (_request, payload, done) => done(null, payload));

    scope.post<{ Querystring: ProbeQuery }>(
      '/v1/probe',
      { schema: POST, config: { described: BODY } },
      async (request, reply) => {
        if (Number(request.headers['content-length'] ?? 0) > MAX_PROBE_BYTES) throw new AppError('BODY_TOO_LARGE');
        const { id, delay } = request.query;
        const probe = probes.begin(id, reply);
        const gone = new AbortController();
        whenClosed(reply, () => gone.abort(new AppError('CANCELLED')));
        for await (const chunk of bodyOf(request)) {
          probe.received += chunk.length;
          if (probe.received > MAX_PROBE_BYTES) throw new AppError('BODY_TOO_LARGE');
        }
        await probes.wait(delay, gone.signal);
        return reply.header('cache-control', 'no-store').send({ ...probe, state: 'answered' });
      },
    );

    scope.get<{ Params: ProbeId }>('/v1/probe/:id', { schema: GET }, async (request, reply) => {
      const probe = probes.find(request.params.id);
      if (!probe) throw new AppError('NOT_FOUND');
      return reply.header('cache-control', 'no-store').send(probe);
    });
  });
}

async function* bodyOf({ body }: FastifyRequest): AsyncIterable<Buffer> {
  if (!body) return;
  try {
    yield* body as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new AppError('CANCELLED', undefined, { cause });
  }
}

const POST: FastifySchema = {
  summary: 'Try the way to the server',
  querystring: ProbeQuery,
  response: {
    200: Probe,
    ...failures(...EVERYWHERE, 'BAD_REQUEST', 'NOT_FOUND', 'BODY_TOO_LARGE', 'QUEUE_FULL', 'SHUTTING_DOWN'),
  },
};
const BODY: FastifySchema = {
  body: {
    description: `At most ${MAX_PROBE_BYTES} bytes, or none. They are counted and dropped.`,
    content: { [RAW_TYPE]: { schema: { type: 'string', format: 'binary' } } },
  },
};
const GET: FastifySchema = {
  summary: 'What the server saw of a probe',
  params: ProbeId,
  response: { 200: Probe, ...failures(...EVERYWHERE, 'BAD_REQUEST', 'NOT_FOUND') },
};
