// Compiles every TypeScript project into dist/, bundles the panel and the page with webpack, and lays out
// dist/photoshop, the folder that Photoshop loads, and dist/web, the
// folder that the server shows, with the same relative paths as the addresses.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import webpack from 'webpack';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
const plugin = path.join(dist, 'photoshop');
const page = path.join(dist, 'web');

/** No function of ours is called with `new`, or asks how many arguments it takes. */
const MINIFY = { ecma: 2020, compress: { passes: 2, unsafe_arrows: true, unsafe_methods: true, keep_fargs: false } };

compile();
// What an older build left behind would be packed too.
rmSync(plugin, { recursive: true, force: true });
await bundle({
  entry: path.join(dist, 'plugin', 'main.cjs'),
  output: { path: plugin, filename: 'main.js', chunkFormat: false },
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
        optimization: { splitChunks: false, runtimeChunk: false, minimizeOptions: { javascript: MINIFY } },
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

/**
 * Everything side by side: some versions of UXP resolve `src` and `href` from the root of the plugin, others from the
 * folder of the page, and what is not found fails without a word.
 */
function copyPlugin() {
  const manifest = JSON.parse(readFileSync(path.join(root, 'manifest.json'), 'utf8'), (key, value) =>
    key === 'main' || key === 'path' ? value.replace(/^plugin\//, '') : value,
  );
  writeFileSync(path.join(plugin, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const entry of ['index.html', 'icons']) {
    cpSync(path.join(root, 'plugin', entry), path.join(plugin, entry), { recursive: true });
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
