interface Watched {
  readonly promise: PromiseConstructor;
  readonly errors: unknown[];
}

const watched = new Set<Watched>();
let original: typeof process.emit | null = null;

/**
 * Rejections that a plugin leaves unhandled reach its `errors` and not the test runner, which would stop the run.
 * Node reports them for the whole process; the promise's constructor tells whose they are.
 */
export function watchRejections(promise: PromiseConstructor, errors: unknown[]): () => void {
  const entry = { promise, errors };
  watched.add(entry);
  if (!original) {
    original = process.emit;
    process.emit = function (this: NodeJS.Process, event: string, ...args: unknown[]) {
      if (event === 'unhandledRejection') {
        for (const { promise: Type, errors: list } of watched) {
          if (args[1] instanceof Type) return list.push(args[0]) > 0;
        }
      }
      return (original as (...all: unknown[]) => boolean).call(this, event, ...args);
    } as typeof process.emit;
  }
  return () => {
    watched.delete(entry);
    if (watched.size > 0 || !original) return;
    process.emit = original;
    original = null;
  };
}
