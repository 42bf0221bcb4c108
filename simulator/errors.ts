/** Everything the simulated host throws on purpose. The realm turns it into the plugin's own Error class. */
export class HostError extends Error {
  /** Photoshop's numeric code, e.g. 9 = busy, -128 = cancelled by the user. */
  readonly number: number | undefined;
  readonly kind: 'Error' | 'TypeError';
  /** The `name` that plugin code sees, where it is not the kind's. */
  readonly shownName: string | undefined;

  constructor(message: string, options: { number?: number; kind?: 'Error' | 'TypeError'; name?: string } = {}) {
    super(message);
    this.name = 'HostError';
    this.number = options.number;
    this.shownName = options.name;
    this.kind = options.kind ?? 'Error';
  }
}

/** A command that Photoshop could not carry out: batchPlay resolves it to {_obj:'error'} unless told to throw. */
export class CommandError extends HostError {
  readonly result: number;

  constructor(message: string, result = -25920) {
    super(message, { number: result });
    this.result = result;
  }
}

export const notAvailable = (command: string) =>
  new CommandError(`The command "${command}" is not currently available.`);
export const missingDocument = (id: number | undefined) =>
  new HostError(`The document with documentID ${id ?? '(active)'} does not exist.`, { number: -25922 });
export const missingLayer = (id: number | undefined) =>
  new HostError(`The layer with layerID ${id ?? '(none)'} does not exist.`, { number: -25922 });
export const onlyModal = () => new HostError('The requested functionality is only allowed from inside a modal scope.');
export const mayModify = (event: string) =>
  new HostError(
    `Event: ${event} may modify the state of Photoshop. Such events are only allowed from inside a modal scope`,
  );
export const cancelled = () => new HostError('User cancelled the operation.', { number: -128 });
