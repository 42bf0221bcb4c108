/** The only file that requires the host's modules. Their objects are live: always reach through them, never copy a part. */
export { action, app, constants, core, imaging } from 'photoshop';
export { entrypoints, host, storage } from 'uxp';
