// Compiles every TypeScript project into dist/, bundles the panel and the page with webpack, and lays out
// dist/photoshop, the folder that Photoshop loads, with the same relative paths as the repository, and dist/web, the
// folder that the server shows, with the same relative paths as the addresses.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import webpack from 'webpack';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
const plugin = path.join(dist, 'photoshop');
const page = path.join(dist, 'web');

compile();
await bundle({
  entry: path.join(dist, 'plugin', 'main.js'),
  output: { path: path.join(plugin, 'plugin', 'dist'), filename: 'main.js', chunkFormat: false },
  target: ['web', 'es2020'],
  // UXP resolves these itself; everything else goes into the one file it loads.
  externals: { photoshop: external('photoshop'), uxp: external('uxp'), os: external('os') },
});
copyPlugin();
await bundle({
  entry: path.join(dist, 'page', 'main.js'),
  output: { path: path.join(page, 'page'), filename: 'main.js', chunkFormat: false },
  target: ['web', 'es2022'],
});
copyPage();
writeFileSync(path.join(dist, '.built'), '');

function compile() {
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-b', root], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function external(name) {
  return `commonjs2 ${name}`;
}

async function bundle(what) {
  const stats = await new Promise((resolve, reject) => {
    webpack(
      {
        mode: 'production',
        context: root,
        ...what,
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

function copyPage() {
  const files = {
    'index.html': 'page/index.html',
    'page/style.css': 'page/style.css',
    'page/icon.svg': 'plugin/icons/icon.svg',
    'page/astronaut.png': 'docs/pictures/astronaut.png',
  };
  for (const [name, source] of Object.entries(files)) cpSync(path.join(root, source), path.join(page, name));
}
