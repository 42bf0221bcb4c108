import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { ControlState } from '../../../protocol/schemas/control.ts';
import { LOCAL } from '../../access/clients.ts';
import type { Engine } from '../../engine/engine.ts';
import { AppError } from '../../errors.ts';
import type { ModelRegistry } from '../../registry/model-registry.ts';
import type { Desk } from '../../system/desk.ts';
import { EVERYWHERE, failures } from '../failures.ts';
import { Tickets } from '../tickets.ts';
import { whenClosed } from '../when-closed.ts';
import { isBearer, type Shutdown } from './shutdown.ts';

export interface ControlDependencies {
  engine: Engine;
  registry: ModelRegistry;
  shutdown: Shutdown;
  desk: Desk;
}

/** The panel runs in UXP, which sends this origin, or names itself. */
const PANEL = /\b(UXP|Photoshop)\b/i;

/**
 * `/v1/control`: for the page that the user of this server has opened with `hairline open`, and for no other page, user
 * or program. None of these routes takes a body.
 */
export function registerControl(app: FastifyInstance, { engine, registry, shutdown, desk }: ControlDependencies): void {
  const tickets = new Tickets();
  let panelSeen: string | null = null;
  app.addHook('onRequest', async ({ headers }) => {
    if (headers.origin === 'file://' || PANEL.test(headers['user-agent'] ?? '')) panelSeen = new Date().toISOString();
  });

  const refuse = (reply: FastifyReply): never => {
    reply.header('www-authenticate', 'Bearer');
    throw new AppError('UNAUTHORIZED', 'This page was not opened by Hairline, or Hairline has been started anew.');
  };
  const bearerOf = ({ headers }: FastifyRequest) => /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  const ownPage = async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.client !== LOCAL || !tickets.admits(bearerOf(request))) refuse(reply);
  };
  const errors = failures(...EVERYWHERE, 'UNAUTHORIZED', 'SYSTEM_REFUSED', 'UNKNOWN_MODEL');
  const nothing = { 204: Type.Null({ description: 'Done.' }) };
  const describe = (summary: string, response: object) => ({
    summary,
    security: [{ token: [] }],
    response: { ...response, ...errors },
  });
  const route = (
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    summary: string,
    work: Work,
    response: object = nothing,
  ) =>
    app.route({
      method,
      url,
      schema: describe(summary, response),
      onRequest: ownPage,
      handler: async (request, reply) => (await work(request, reply)) ?? reply.code(204).send(),
    });

  app.post('/v1/control/ticket', {
    schema: describe('A ticket for the page', {
      201: Type.Object({ ticket: Type.String() }, { description: 'Valid once, for a minute.' }),
    }),
    onRequest: async (request, reply) => {
      if (request.client !== LOCAL || !isBearer(request, shutdown.token)) refuse(reply);
    },
    handler: async (_request, reply) => reply.code(201).send({ ticket: tickets.issue() }),
  });
  app.post('/v1/control/session', {
    schema: describe('A token for a ticket', {
      201: Type.Object({ token: Type.String() }, { description: 'Valid until the server stops.' }),
    }),
    handler: async (request, reply) => {
      const token = request.client === LOCAL ? tickets.redeem(bearerOf(request)) : null;
      return token ? reply.code(201).send({ token }) : refuse(reply);
    },
  });

  route(
    'GET',
    '/v1/control',
    'What the page shows',
    async (_request, reply) => {
      const specs = registry.list();
      const places = await Promise.all(specs.map((spec) => registry.place(spec)));
      const state: ControlState = {
        autostart: await desk.autostart(),
        panelFile: desk.hasPanelFile,
        panelSeen,
        removable: specs.filter((_, index) => places[index] === 'cache').map(({ id }) => id),
        update: desk.updates?.state ?? null,
      };
      return reply.send(state);
    },
    { 200: ControlState },
  );
  route('POST', '/v1/control/autostart', 'Start at logon', () => desk.setAutostart(true));
  route('DELETE', '/v1/control/autostart', 'Do not start at logon', () => desk.setAutostart(false));
  route('POST', '/v1/control/panel', 'Open the installer of the panel', () => desk.openPanelFile());
  route('POST', '/v1/control/log', 'Open the folder of the log', () => desk.openLogFolder());
  const updates = () => {
    if (!desk.updates) throw new AppError('SYSTEM_REFUSED', 'This Hairline is updated as it was installed.');
    return desk.updates;
  };
  route('POST', '/v1/control/updates', 'Look for newer versions once a day', () => updates().setWatch(true));
  route('DELETE', '/v1/control/updates', 'Do not look for newer versions', () => updates().setWatch(false));
  route('POST', '/v1/control/update', 'Install the newer version', async () => updates().install());
  route('POST', '/v1/control/stop', 'Stop the server', async (_request, reply) => whenClosed(reply, shutdown.begin));
  route('POST', '/v1/control/models/:id', 'Fetch a model', async (request) => {
    const { id } = registry.resolve((request.params as { id: string }).id);
    // Its state and its failure are told by /v1/models.
    engine.prepare(id).catch((error: Error) => request.log.warn({ err: error, model: id }, 'the model is not ready'));
  });
  route('DELETE', '/v1/control/models/:id', 'Remove a model', async (request) => {
    await registry.remove(registry.resolve((request.params as { id: string }).id));
  });
}

type Work = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
