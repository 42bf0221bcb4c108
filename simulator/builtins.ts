import vm from 'node:vm';

/**
 * UXP names no ECMAScript level; plugins target ES2020. What came later is taken away, so that a bundle that needs it
 * fails here and not in an older Photoshop.
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
  globalThis: [
    'AggregateError',
    'WeakRef',
    'FinalizationRegistry',
    'Iterator',
    'SharedArrayBuffer',
    'Atomics',
    'console',
  ],
};

export function removeLaterBuiltins(context: vm.Context): void {
  for (const [owner, names] of Object.entries(later)) {
    vm.runInContext(`for (const name of ${JSON.stringify(names)}) delete (${owner})[name];`, context);
  }
}
