/** The bundler's, which runs a module at once and not before this one. */
declare const require: (module: string) => unknown;

// Nothing is imported: what a module throws while it loads must be seen too.
try {
  require('./start.js');
} catch (thrown) {
  (require('./ui/start-failure.js') as typeof import('./ui/start-failure.ts')).showStartFailure(thrown);
}
