import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HEADERS } from '../../../../protocol/matte.ts';
import { VERSION } from '../../../../server/system/package-root.ts';
import { listenWith, OPAQUE, type Stage } from '../../server-fixture.ts';
import { expectError, lines, talk } from '../../talk.ts';

interface Operation {
  parameters?: { name: string; in: string; schema: Record<string, unknown> }[];
  requestBody?: { content: object };
  responses: Record<string, { content?: Record<string, { schema: object }>; headers?: object }>;
  security?: object[];
}
interface Description {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
}

let stage: Stage;
let description: Description;
beforeAll(async () => {
  stage = await listenWith(async () => OPAQUE(), {}, { token: 't'.repeat(43), begin: () => undefined });
  description = (await (await get('/docs/json')).json()) as Description;
});
afterAll(() => stage.close());

const get = (address: string) => fetch(`http://127.0.0.1:${stage.port}${address}`);

describe('GET /docs/json', () => {
  it('is OpenAPI', async () => {
    const result = await new Validator().validate({ ...description });
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(description).toMatchObject({ openapi: '3.1.0', info: { version: VERSION } });
  });

  it('has every route, and each says how it fails', () => {
    const routes = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(routes.sort()).toEqual([
      'delete /v1/jobs/{id}',
      'delete /v1/mattes/{id}',
      'get /api/remove',
      'get /health',
      'get /metrics',
      'get /ready',
      'get /v1/jobs/{id}',
      'get /v1/jobs/{id}/result',
      'get /v1/models',
      'get /v1/probe/{id}',
      'get /v1/tunnel',
      'post /api/remove',
      'post /v1/mattes',
      'post /v1/mattes/{id}/edge',
      'post /v1/probe',
      'post /v1/shutdown',
    ]);
    for (const methods of Object.values(description.paths))
      for (const operation of Object.values(methods))
        expect(JSON.stringify(operation.responses['403'])).toContain('FORBIDDEN_ORIGIN');
    expect(description.paths['/v1/shutdown']?.post?.security).toEqual([{ token: [] }]);
  });

  it('describes a matte with its parameters, headers and content types', () => {
    const { parameters = [], requestBody, responses } = description.paths['/v1/mattes']!.post!;
    const named = (place: string) => parameters.filter((p) => p.in === place).map((p) => p.name);
    expect(named('query')).toEqual([
      'model',
      'subject',
      'refine',
      'output',
      'depth',
      'background',
      'foreground',
      'decontaminate',
      'cutout-layer',
      'clipping-path',
      'path-tolerance',
      'allow-damaged',
      'trim',
      'margin',
      'size',
      'fit',
      'align',
      'shadow',
      'profile',
      'metadata',
      'region',
      'subjects',
      'point',
      'enhance',
    ]);
    expect(parameters.find((p) => p.name === 'depth')?.schema.default).toBe('8');
    expect(named('header')).toEqual([
      HEADERS.width,
      HEADERS.height,
      HEADERS.channels,
      HEADERS.depth,
      HEADERS.mask,
      'prefer',
    ]);
    expect(Object.keys(requestBody!.content)).toEqual(
      expect.arrayContaining(['image/jpeg', 'application/octet-stream', 'multipart/form-data']),
    );
    expect(Object.keys(responses['200']!.content!)).toEqual([
      'image/png',
      'application/octet-stream',
      'image/vnd.adobe.photoshop',
      'application/json',
    ]);
    const { mask: _, ...answered } = HEADERS;
    expect(Object.keys(responses['200']!.headers!)).toEqual(expect.arrayContaining(Object.values(answered)));
    expect(JSON.stringify(responses['503'])).toContain('QUEUE_FULL');
  });
});

describe('GET /docs', () => {
  it('is a page that needs nothing from elsewhere', async () => {
    const page = await get('/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const html = await page.text();
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      const url = new URL(link, page.url);
      expect(url.host).toBe(`127.0.0.1:${stage.port}`);
      expect((await fetch(url)).status, link).toBe(200);
    }
  });

  it('is behind access control, and offers nothing else', async () => {
    const refused = await talk(stage.port, lines(stage.port, 'GET /docs/json', ['Origin: https://example.com']));
    expectError(refused, 'FORBIDDEN_ORIGIN');
    expectError(await talk(stage.port, lines(stage.port, 'GET /docs/static/nothing.js')), 'NOT_FOUND');
    for (const path of ['../package.json', '%2e%2e/package.json', '%2e%2e%2fpackage.json']) {
      const answer = await talk(stage.port, lines(stage.port, `GET /docs/static/${path}`));
      expect([400, 404], path).toContain(answer?.status);
      expect(answer?.body.toString()).not.toContain('swagger');
    }
    expectError(await talk(stage.port, lines(stage.port, 'POST /docs/json')), 'METHOD_NOT_ALLOWED');
  });
});
