// Compiles every TypeScript project into dist/, bundles the panel with webpack, and lays out dist/photoshop: the
// folder that Photoshop loads, with the same relative paths as the repository.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import webpack from 'webpack';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
const plugin = path.join(dist, 'photoshop');

compile();
await bundle();
copyPlugin();
writeFileSync(path.join(dist, '.built'), '');

function compile() {
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-b', root], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

async function bundle() {
  const external = (name) => `commonjs2 ${name}`;
  const stats = await new Promise((resolve, reject) => {
    webpack(
      {
        mode: 'production',
        context: root,
        entry: path.join(dist, 'plugin', 'main.js'),
        output: { path: path.join(plugin, 'plugin', 'dist'), filename: 'main.js', chunkFormat: false },
        target: ['web', 'es2020'],
        // UXP resolves these itself; everything else goes into the one file it loads.
        externals: { photoshop: external('photoshop'), uxp: external('uxp'), os: external('os') },
        optimization: { splitChunks: false, runtimeChunk: false },
        performance: { hints: false },
        devtool: false,
      },
      (error, result) => (error ? reject(error) : resolve(result)),
    );
  });
  if (stats.hasErrors()) {
    console.error(stats.toString({ all: false, errors: true, colors: false }));
    process.exit(1);
  }
}

function copyPlugin() {
  mkdirSync(plugin, { recursive: true });
  for (const entry of ['manifest.json', 'plugin/index.html', 'plugin/icons']) {
    const target = path.join(plugin, entry);
    rmSync(target, { recursive: true, force: true });
    if (existsSync(path.join(root, entry))) cpSync(path.join(root, entry), target, { recursive: true });
  }
}
