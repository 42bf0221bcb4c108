// biome-ignore lint/style/useNodejsImportProtocol: it is UXP's module of that name
import * as os from 'os';

/** The only file that requires the host's modules. Their objects are live: always reach through them, never copy a part. */
export { action, app, constants, core, imaging } from 'photoshop';
export { entrypoints, host, shell, storage, versions } from 'uxp';
export { os };
