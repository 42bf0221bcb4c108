/**
 * Which folder may import which: the map of CONTRIBUTING.md as data, checked by `npm run lint` (check-imports.mjs).
 *
 * A file belongs to the longest row that it lies under; files of one row import each other freely, but never in a
 * circle. `./x` is a neighbor of the row's folder, `x/*` everything below x, and `type:x` allows `import type` only.
 */
export const MAY_IMPORT = {
  protocol: '',
  words: 'protocol',
  page: 'protocol words',
  'models/import': '',

  // `plugin` and `server` stand for the files right in those folders: errors, cancellation, picture.
  plugin: 'protocol words',
  'plugin/settings': 'protocol plugin words',
  'plugin/client': 'protocol plugin',
  'plugin/host': 'protocol plugin words type:./settings',
  'plugin/commands': 'protocol plugin ./settings type:./client type:./host',
  'plugin/check': 'protocol plugin words ./client type:./host',
  'plugin/session': 'protocol plugin words ./settings ./client ./commands ./check type:./host',
  'plugin/ui': 'protocol plugin words ./settings ./session type:./commands',
  'plugin/actions': 'plugin words ./settings ./host ./session ./ui type:./commands',
  'plugin/start.ts': 'words plugin ./settings ./client ./host ./check ./session ./ui ./actions',

  server: 'protocol',
  'server/config': 'protocol',
  'server/system': 'protocol server',
  'server/log': './config ./system',
  'server/access': 'protocol server ./config ./system',
  'server/imaging': 'protocol server',
  'server/http-client': './system',
  'server/registry': 'protocol server models/import ./system ./http-client',
  'server/inference': 'server ./config ./system ./registry',
  'server/matting': 'protocol server ./imaging ./registry ./inference',
  'server/engine': 'protocol server ./config ./system ./imaging ./registry ./inference ./matting',
  'server/jobs': 'protocol server ./engine/engine.ts',
  'server/queue': 'protocol server ./config ./system ./registry ./engine type:./matting',
  'server/remote': 'protocol server ./http-client',
  // Routes hand pixels to the engine and know only its interface; of pictures they know sizes, areas and colors.
  'server/http':
    'protocol server ./access ./config ./system ./registry ./http-client ./remote ./jobs ./engine/engine.ts ' +
    './imaging/area.ts ./imaging/check-size.ts ./imaging/color.ts ./imaging/parse-framing.ts type:./imaging/picture.ts',
  'server/update': 'server ./system ./http-client ./registry/download',
  'server/library': 'protocol server ./config ./registry ./engine',
  'server/main.ts': 'protocol ./system ./access ./config ./registry ./engine ./queue ./http',
  'server/cli':
    'protocol server ./main.ts ./access ./config ./log ./system ./http-client ./remote ./update ' +
    './imaging ./registry ./inference ./matting ./engine/open-engine.ts type:./engine ./queue',

  simulator: '',
  scripts: 'protocol models/import simulator server/*',
  test: '*',
};

/** Folders that must run without Node, or know the wire alone: the only packages that they may import. */
export const PACKAGES = {
  protocol: 'typebox',
  words: '',
  page: '',
  plugin: 'photoshop uxp os',
};

/** Packages that only these folders, and tests, may import. */
export const ONLY_IN = {
  'node:*': 'server/* scripts simulator',
  sharp: 'server/imaging scripts/sheets scripts/bench',
  'onnxruntime-node': 'server/inference scripts/bench',
  fastify: 'server/http server/access server/main.ts scripts/bench',
  'fastify-plugin': 'server/http server/access',
  '@fastify/*': 'server/http scripts/bench',
  'make-fetch-happen': 'server/http-client',
  '@npmcli/*': 'server/http-client',
  bullmq: 'server/queue',
  ioredis: 'server/queue',
  pacote: 'server/registry server/http-client scripts/bench',
  photoshop: 'plugin/host',
  uxp: 'plugin/host',
  os: 'plugin/host',
  'ag-psd': 'simulator',
  'jpeg-js': 'simulator',
};

/** What must not be loaded with these folders, through however many files. */
export const NEVER_LOADS = [
  ['server/remote', 'fastify @fastify/* server/http server/cli'],
  [
    'server/imaging server/inference server/matting server/engine server/jobs',
    'fastify @fastify/* server/http server/cli',
  ],
  ['server/http', 'sharp onnxruntime-node server/cli'],
  ['words page plugin', 'typebox node:*'],
];

/** What must not be loaded before it is needed: only by an `import()`. Otherwise a broken sharp would break --help. */
export const STARTS_WITHOUT = [
  [
    'server/cli/main.ts',
    'sharp onnxruntime-node protobufjs fastify @fastify/* bullmq ioredis pino pacote @npmcli/* make-fetch-happen tar',
  ],
];
