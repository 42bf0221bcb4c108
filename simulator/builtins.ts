import vm from 'node:vm';

/**
 * UXP names no ECMAScript level; plugins target ES2020. Newer Photoshops have what came later, older ones do not: a bundle
 * that needs it has to fail here and not there.
 */
const later = {
  'String.prototype': ['at', 'replaceAll', 'isWellFormed', 'toWellFormed'],
  'Array.prototype': ['at', 'findLast', 'findLastIndex', 'toReversed', 'toSorted', 'toSpliced', 'with'],
  'Object.getPrototypeOf(Uint8Array).prototype': ['at', 'findLast', 'findLastIndex', 'toReversed', 'toSorted', 'with'],
  'ArrayBuffer.prototype': ['resize', 'transfer', 'transferToFixedLength', 'resizable', 'maxByteLength', 'detached'],
  Array: ['fromAsync'],
  Object: ['hasOwn', 'groupBy'],
  Map: ['groupBy'],
  Promise: ['any', 'withResolvers', 'try'],
  globalThis: ['AggregateError', 'WeakRef', 'FinalizationRegistry', 'Iterator'],
};

/** Of this process's, and in no UXP. */
export function removeForeignBuiltins(context: vm.Context): void {
  for (const name of ['SharedArrayBuffer', 'Atomics', 'console'])
    vm.runInContext(`delete globalThis.${name};`, context);
}

export function removeLaterBuiltins(context: vm.Context): void {
  for (const [owner, names] of Object.entries(later)) {
    vm.runInContext(`for (const name of ${JSON.stringify(names)}) delete (${owner})[name];`, context);
  }
}
