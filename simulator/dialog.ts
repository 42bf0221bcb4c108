interface Dialog {
  readonly localName: string;
  toggleAttribute(name: string, force: boolean): boolean;
  dispatchEvent(event: object): boolean;
}

const closers = new WeakMap<Dialog, (value: string) => void>();

/** `dialog` as UXP has it: showModal answers a promise, kept when the dialog is closed. */
export function addDialogMethods(prototype: object, EventType: new (type: string) => object): void {
  const method = (name: string, value: (this: Dialog, argument?: unknown) => unknown) =>
    Object.defineProperty(prototype, name, { configurable: true, writable: true, value });
  const open = function (this: Dialog): Promise<string> {
    if (this.localName !== 'dialog') throw new TypeError('showModal: not a dialog');
    this.toggleAttribute('open', true);
    return new Promise((resolve) => closers.set(this, resolve));
  };
  for (const name of ['showModal', 'uxpShowModal', 'show']) method(name, open);
  method('close', function (value) {
    const close = closers.get(this);
    if (!close) return;
    closers.delete(this);
    this.toggleAttribute('open', false);
    this.dispatchEvent(new EventType('close'));
    close(value === undefined ? '' : String(value));
  });
}
