import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MatteOptions } from '../../../../server/cli/matte/options.ts';
import { runMatte } from '../../../../server/cli/matte/run-matte.ts';
import { openWorker } from '../../../../server/queue/open-queue.ts';
import type { PictureWorker } from '../../../../server/queue/picture-worker.ts';
import { REDIS } from '../../../fixtures/redis-server.ts';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { Studio } from '../../queue/studio.ts';
import { recordTerminal } from '../recorder.ts';

const PICTURES = 8;

describe.skipIf(REDIS === null)('hairline matte --queue', () => {
  let cwd: string;
  let studio: Studio;
  let standIn: StandInServer;
  let worker: PictureWorker;
  let closeWorker: () => Promise<void>;

  beforeEach(async () => {
    cwd = mkdtempSync(path.join(tmpdir(), 'hairline-bulk-'));
    studio = await Studio.start();
    standIn = await startStandInServer();
    const opened = await openWorker(studio.config({ model: 'stand-in' }), standIn.registry, standIn.engine);
    ({ worker, close: closeWorker } = opened);
    for (let i = 0; i < PICTURES; i++)
      await sharp({ create: { width: 40, height: 30, channels: 3, background: { r: 30 * i, g: 30 * i, b: 30 * i } } })
        .png()
        .toFile(path.join(cwd, `${i}.png`));
    writeFileSync(path.join(cwd, 'broken.jpg'), 'no picture');
  });
  afterEach(async () => {
    await closeWorker();
    await standIn.close();
    await studio.close();
    rmSync(cwd, { recursive: true, force: true });
  });

  const options = (): MatteOptions => ({
    outputDir: 'masks',
    outputs: ['alpha'],
    saveForeground: true,
    format: 'png',
    profile: 'keep',
    metadata: true,
    provenance: true,
    background: 'white',
    subject: 'portrait',
    refine: 'best',
    enhance: 'off',
    foreground: 'best',
    decontaminate: 1,
    queue: studio.redis.url,
    queueSecretFile: studio.config().queueSecretFile,
    manifest: 'masks.jsonl',
  });
  const run = async (signal = new AbortController().signal, onResult = () => {}) => {
    const recorder = recordTerminal();
    const result = recorder.terminal.result.bind(recorder.terminal);
    recorder.terminal.result = (line) => {
      result(line);
      onResult();
    };
    const context = { terminal: recorder.terminal, signal, env: { HAIRLINE_CACHE: cwd, HAIRLINE_CONFIG: cwd }, cwd };
    return { code: await runMatte(['.'], options(), context), err: recorder.err };
  };
  const manifest = () =>
    readFileSync(path.join(cwd, 'masks.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(
        (line) => JSON.parse(line) as { input: string; output: string[]; model: string | null; error: string | null },
      );

  it('lets workers make the masks of a folder, and says in the manifest what became of each', async () => {
    const { code, err } = await run();
    expect(err).toContain('Using the studio: 1 CPU.');
    expect(code).toBe(1);
    expect(readdirSync(path.join(cwd, 'masks'))).toHaveLength(PICTURES);
    expect(worker.info.done).toBe(PICTURES);
    const lines = manifest();
    expect(lines).toHaveLength(PICTURES + 1);
    const failed = lines.filter(({ error }) => error !== null);
    expect(failed).toMatchObject([{ input: path.join(cwd, 'broken.jpg'), output: [], model: null }]);
    expect(failed[0]!.error).toContain('cannot read this file');
    for (const { input, output, model, error } of lines) {
      if (error !== null) continue;
      expect(output).toEqual([path.join(cwd, 'masks', `${path.basename(input, '.png')}_alpha.png`)]);
      expect(model).toBe('stand-in');
    }
  });

  it('goes on after a stop without making any twice', async () => {
    const stopping = new AbortController();
    const { code } = await run(stopping.signal, () => stopping.abort());
    expect(code).toBe(130);
    const before = readdirSync(path.join(cwd, 'masks')).length;
    expect(before).toBeGreaterThan(0);
    await run();
    expect(readdirSync(path.join(cwd, 'masks'))).toHaveLength(PICTURES);
    const done = manifest().filter(({ error }) => error === null);
    expect(new Set(done.map(({ input }) => input)).size).toBe(PICTURES);
    expect(done).toHaveLength(PICTURES);
    // Mended, the picture that failed is done by the same command.
    await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } }).toFile(
      path.join(cwd, 'broken.jpg'),
    );
    expect((await run()).code).toBe(0);
    expect(manifest().at(-1)).toMatchObject({ input: path.join(cwd, 'broken.jpg'), error: null });
    expect(manifest().filter(({ error }) => error === null)).toHaveLength(PICTURES + 1);
  });
});
