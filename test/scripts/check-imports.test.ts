import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../server/system/package-root.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hairline-imports-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the check of `npm run lint` on a project of these files. */
function check(files: Readonly<Record<string, string>>): { status: number | null; said: string } {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  const script = path.join(packageRoot, 'scripts', 'check-imports.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
  return { status, said: stderr };
}

const load = (target: string) => `import { x } from '${target}';\nexport const y = x;\n`;
const loadType = (target: string) => `import type { X } from '${target}';\nexport type Y = X;\n`;

test('imports that follow the table pass', () => {
  const files = {
    'protocol/a.ts': load('./b.ts'),
    'protocol/b.ts': 'export const x = 1;\n',
    'server/remote/a.ts': load('../http-client/a.ts') + load('node:net'),
    'server/http-client/a.ts': load('../system/a.ts'),
    'server/system/a.ts': load('../errors.ts'),
    'server/errors.ts': load('../protocol/a.ts'),
    'plugin/commands/a.ts': loadType('../host/a.ts') + load('../errors.ts'),
    'plugin/host/a.ts': load('photoshop'),
    'plugin/errors.ts': load('../protocol/a.ts'),
    'test/a.test.ts': load('../server/remote/a.ts') + load('sharp'),
  };
  expect(check(files)).toEqual({ status: 0, said: '' });
});

test.each([
  ['an upward import', 'server/remote/a.ts', load('../http/body.ts'), 'server/remote may import: protocol server'],
  ['an upward import of a type', 'server/matting/a.ts', loadType('../http/body.ts'), 'imports server/http/body.ts'],
  ['an upward re-export', 'server/imaging/a.ts', "export * from '../matting/a.ts';\n", 'imports server/matting/a.ts'],
  ['an upward import on demand', 'server/jobs/a.ts', "await import('../http/app.ts');\n", 'imports server/http/app.ts'],
  ['an import over several lines', 'page/a.ts', "import {\n  x,\n} from '../server/errors.ts';\n", 'page may import'],
  ['an import for its effects', 'words/a.ts', "import '../plugin/main.ts';\n", 'words may import: protocol'],
  ['code where types alone are allowed', 'plugin/commands/a.ts', load('../host/host.ts'), 'plugin/host/host.ts'],
  ['the engine behind its interface', 'server/http/a.ts', load('../engine/local-engine.ts'), 'local-engine.ts'],
  ['sharp elsewhere', 'server/matting/a.ts', load('sharp'), 'only server/imaging'],
  ['ONNX Runtime elsewhere', 'server/engine/a.ts', load('onnxruntime-node'), 'only server/inference'],
  ['Fastify elsewhere', 'server/remote/a.ts', loadType('fastify'), 'only server/http'],
  ['pacote elsewhere', 'server/cli/a.ts', load('pacote'), 'only server/registry'],
  ['Photoshop elsewhere', 'plugin/ui/a.ts', load('photoshop'), 'only plugin/host'],
  ['Node in the panel', 'plugin/client/a.ts', load('node:fs'), 'plugin may import packages: photoshop uxp os'],
  ['a library in the page', 'page/a.ts', load('typebox'), 'page may import packages: none'],
  ['a folder of no row', 'extra/a.ts', 'export {};\n', 'belongs to no row'],
])('%s is an error', (_name, file, text, sentence) => {
  const { status, said } = check({ [file]: text });
  expect(said).toContain(file);
  expect(said).toContain(sentence);
  expect(status).toBe(1);
});

test('Fastify is found however far away it is loaded', () => {
  const { status, said } = check({
    'server/remote/a.ts': load('../system/b.ts'),
    'server/system/b.ts': load('./c.ts'),
    'server/system/c.ts': load('fastify'),
  });
  expect(said).toContain('server/remote/a.ts -> server/system/b.ts -> server/system/c.ts -> fastify');
  expect(status).toBe(1);
});

test('the panel loads no schema library by way of the contract, but takes its types', () => {
  const schema = { 'protocol/a.ts': load('typebox') };
  expect(check({ ...schema, 'plugin/a.ts': loadType('../protocol/a.ts') })).toEqual({ status: 0, said: '' });
  const { status, said } = check({ ...schema, 'plugin/a.ts': load('../protocol/a.ts') });
  expect(said).toContain('plugin/a.ts -> protocol/a.ts -> typebox');
  expect(status).toBe(1);
});

test('the command line starts without the image library, which a command may load on demand', () => {
  const codec = { 'server/imaging/codec.ts': load('sharp') };
  const main = { 'server/cli/main.ts': load('./models.ts') };
  const later = "export const x = () => import('../imaging/codec.ts');\n";
  expect(check({ ...codec, ...main, 'server/cli/models.ts': later })).toEqual({ status: 0, said: '' });
  const { status, said } = check({ ...codec, ...main, 'server/cli/models.ts': load('../imaging/codec.ts') });
  expect(said).toContain('server/cli/main.ts -> server/cli/models.ts -> server/imaging/codec.ts -> sharp');
  expect(status).toBe(1);
});

test.each([
  ['of code', load],
  ['of types', loadType],
])('a circle %s is an error', (_name, write) => {
  const { status, said } = check({
    'server/jobs/a.ts': load('./b.ts'),
    'server/jobs/b.ts': load('./c.ts'),
    'server/jobs/c.ts': write('./a.ts'),
  });
  expect(said).toContain('A circle: server/jobs/a.ts -> server/jobs/b.ts -> server/jobs/c.ts -> server/jobs/a.ts.');
  expect(status).toBe(1);
});
