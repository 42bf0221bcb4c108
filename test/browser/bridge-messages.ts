/** What crosses between the page and the simulated Photoshop, as JSON. */
export type Wire =
  | { is: 'value'; value: unknown }
  | { is: 'undefined' }
  | { is: 'list'; items: Wire[] }
  | { is: 'record'; entries: [string, Wire][] }
  | { is: 'bytes'; type: 'Uint8Array' | 'Uint16Array' | 'Float32Array' | 'ArrayBuffer'; base64: string }
  /** An object of the simulator's side; `call`: a function. */
  | { is: 'object'; id: number; call: boolean }
  | { is: 'promise'; id: number }
  /** A function of the page's side. */
  | { is: 'callback'; id: number }
  | { is: 'error'; message: string; name: string; number?: number };

export type Question =
  | { ask: 'module'; name: string }
  | { ask: 'get'; id: number; name: string }
  | { ask: 'set'; id: number; name: string; value: Wire }
  | { ask: 'call'; id: number; name: string | null; args: Wire[] }
  /** What a callback came to. */
  | { ask: 'answer'; call: number; value: Wire };

/** Pushed to the page. */
export type News =
  | { tell: 'settled'; id: number; value: Wire }
  | { tell: 'call'; callback: number; call: number; args: Wire[] };
