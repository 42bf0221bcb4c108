import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as linkedom from 'linkedom';
import { addDialogMethods } from './dialog.ts';
import type { Faults } from './faults.ts';

/** The little of the DOM that the simulator itself touches; plugins get linkedom's whole document. */
export interface Element {
  readonly localName: string;
  readonly ownerDocument: object;
  readonly isConnected: boolean;
  readonly parentElement: Element | null;
  readonly children: ArrayLike<Element>;
  readonly style: { display: string; visibility: string; width?: string };
  textContent: string;
  disabled: boolean;
  checked: boolean;
  value: string;
  getAttribute(name: string): string | null;
  getAttributeNames(): string[];
  setAttribute(name: string, value: string): void;
  hasAttribute(name: string): boolean;
  toggleAttribute(name: string, force: boolean): boolean;
  matches(selector: string): boolean;
  closest(selector: string): Element | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): ArrayLike<Element> & Iterable<Element>;
  append(child: Element): void;
  remove(): void;
  dispatchEvent(event: object): boolean;
}

export interface Document extends Element {
  readonly body: Element;
  createElement(name: string): Element;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

export interface DomWindow {
  readonly document: Document;
  readonly HTMLElement: { prototype: object };
  readonly Event: new (type: string, options?: { bubbles?: boolean; cancelable?: boolean }) => object;
  readonly CustomEvent: unknown;
  readonly EventTarget: unknown;
  readonly Node: unknown;
  readonly Element: unknown;
}

/** By document: all documents share their classes. */
const faultsOf = new WeakMap<object, Faults>();
const eventsOf = new WeakMap<object, DomWindow['Event']>();

export function parseDocument(html: string, faults: Faults): DomWindow {
  const window = linkedom.parseHTML(html) as unknown as DomWindow;
  const { document, HTMLElement } = window;
  faultsOf.set(document, faults);
  eventsOf.set(document, window.Event);
  // Nothing has the focus until the user gives it.
  const value = faults.focusUntold ? undefined : null;
  Object.defineProperty(document, 'activeElement', { configurable: true, writable: true, value });
  addFormProperties(HTMLElement.prototype);
  addDialogMethods(HTMLElement.prototype, window.Event);
  return window;
}

/** HTMLInputElement and the like: React asks `instanceof`. */
export const elementClasses = (linkedom as unknown as { HTMLClasses: Readonly<Record<string, unknown>> }).HTMLClasses;

const values = new WeakMap<Element, string>();

/**
 * In UXP every sp-* widget has disabled, checked, value and selectedIndex; linkedom knows unknown tags only as plain
 * elements, and gives input no `checked`. Classes that have their own accessors keep them.
 */
function addFormProperties(prototype: object): void {
  if (Object.hasOwn(prototype, 'disabled')) return;
  const { contains } = prototype as { contains(other: unknown): boolean };
  Object.defineProperty(prototype, 'contains', {
    configurable: true,
    value(this: Element, other: unknown) {
      const takesNull = faultsOf.get(this.ownerDocument)?.containsTakesNull === true;
      if (takesNull && other === null) return false;
      if (typeof other !== 'object' || other === null) throw new TypeError('contains: argument 1 is not a Node');
      return contains.call(this, other);
    },
  });
  const flag = (name: string) => ({
    configurable: true,
    get(this: Element) {
      return this.hasAttribute(name);
    },
    set(this: Element, on: unknown) {
      this.toggleAttribute(name, Boolean(on));
    },
  });
  for (const name of ['disabled', 'indeterminate']) Object.defineProperty(prototype, name, flag(name));
  Object.defineProperty(prototype, 'checked', forgetful(flag('checked')));
  const choiceOf = (group: Element, name: string) =>
    name === faultsOf.get(group.ownerDocument)?.groupKnows
      ? radios(group)
          .find(({ checked }) => checked)
          ?.getAttribute('value')
      : undefined;
  const { get: isSelected, set: select } = flag('selected');
  Object.defineProperty(prototype, 'selected', {
    configurable: true,
    get(this: Element) {
      return isRadioGroup(this) ? choiceOf(this, 'selected') : isSelected.call(this);
    },
    set: select,
  });
  Object.defineProperty(prototype, 'value', {
    configurable: true,
    get(this: Element) {
      if (isRadioGroup(this)) return choiceOf(this, 'value');
      if (isChooser(this))
        return (
          items(this)
            .find((item) => item.hasAttribute('selected'))
            ?.getAttribute('value') ?? ''
        );
      return values.get(this) ?? this.getAttribute('value') ?? '';
    },
    set(this: Element, value: unknown) {
      if (isChooser(this)) chooseItem(this, (item) => item.getAttribute('value') === String(value));
      else values.set(this, String(value));
    },
  });
  const { click } = prototype as { click(): void };
  Object.defineProperty(prototype, 'click', {
    configurable: true,
    value(this: Element) {
      click.call(this);
      const group = this.localName === 'sp-radio' ? this.closest('sp-radio-group') : null;
      if (!group) return;
      chooseRadio(this);
      whoTells(group, this).dispatchEvent(new (eventsOf.get(this.ownerDocument)!)('change', { bubbles: true }));
    },
  });
  Object.defineProperty(prototype, 'offsetWidth', {
    configurable: true,
    get(this: Element) {
      // No layout but this: a width that is said, and children of columns that have it or not.
      const said = Number.parseInt(this.style.width ?? '', 10);
      if (said > 0) return said;
      const above = this.parentElement as (Element & { offsetWidth: number }) | null;
      return faultsOf.get(this.ownerDocument)?.columnsShrink ? 4 : (above?.offsetWidth ?? 206);
    },
  });
  const selectedIndex = {
    configurable: true,
    get(this: Element) {
      return items(this).findIndex((item) => item.hasAttribute('selected'));
    },
    set(this: Element, index: unknown) {
      const wanted = items(this)[Number(index)];
      chooseItem(this, (item) => item === wanted);
    },
  };
  Object.defineProperty(prototype, 'selectedIndex', forgetful(selectedIndex));
}

interface Accessor {
  readonly configurable: boolean;
  get(this: Element): unknown;
  set(this: Element, value: unknown): void;
}

/** The same property, in a host with the fault `forgetsEarly`: what is set outside of the page is told only there. */
function forgetful({ configurable, get, set }: Accessor): Accessor {
  const early = new WeakMap<Element, unknown>();
  const isEarly = (element: Element) =>
    faultsOf.get(element.ownerDocument)?.forgetsEarly === true && !element.isConnected;
  return {
    configurable,
    get(this: Element) {
      return isEarly(this) && early.has(this) ? early.get(this) : get.call(this);
    },
    set(this: Element, value: unknown) {
      if (isEarly(this)) early.set(this, value);
      else set.call(this, value);
    },
  };
}

const isChooser = (element: Element) => element.localName === 'sp-dropdown' || element.localName === 'sp-picker';
const isRadioGroup = (element: Element) => element.localName === 'sp-radio-group';
const radios = (group: Element): Element[] => Array.from(group.querySelectorAll('sp-radio'));
export const items = (chooser: Element): Element[] => Array.from(chooser.querySelectorAll('sp-menu-item'));

/** The event of a choice: see `Faults`. */
export function whoTells(group: Element, item: Element): Element {
  return faultsOf.get(item.ownerDocument)?.choiceEvents === 'item' ? item : group;
}

/** One radio of a group is on. */
export function chooseRadio(radio: Element): void {
  const group = radio.closest('sp-radio-group');
  for (const other of group ? radios(group) : [radio]) other.checked = other === radio;
}

export function chooseItem(chooser: Element, matches: (item: Element) => boolean): void {
  for (const item of items(chooser)) item.toggleAttribute('selected', matches(item));
}

interface Rule {
  readonly selector: string;
  readonly display: string;
}

/** Enough CSS to know what a user can see: the rules that set `display`, the last that matches wins. */
export class Visibility {
  readonly #rules: Rule[] = [];
  readonly sheets: string[] = [];

  constructor(document: Document, folder: string) {
    for (const sheet of document.querySelectorAll('style, link[rel="stylesheet"]')) {
      const href = sheet.getAttribute('href');
      const file = href ? path.join(folder, href) : null;
      this.sheets.push(file === null ? sheet.textContent : existsSync(file) ? readFileSync(file, 'utf8') : '');
    }
    this.sheets.forEach((css) => {
      this.#add(css);
    });
  }

  #add(css: string): void {
    const plain = css.replace(/\/\*[\s\S]*?\*\//g, '').replace(/@media[^{]*\{(?:[^{}]*\{[^}]*\})*\s*\}/g, '');
    for (const [, selector, body] of plain.matchAll(/([^{}]+)\{([^}]*)\}/g)) {
      const display = /(?:^|;)\s*display\s*:\s*([a-z-]+)/.exec(body!)?.[1];
      if (display) this.#rules.push({ selector: selector!.trim(), display });
    }
  }

  isVisible(element: Element): boolean {
    for (let at: Element | null = element; at; at = at.parentElement) {
      if (at.hasAttribute('hidden') || at.style.visibility === 'hidden') return false;
      if (at.localName === 'dialog' && !at.hasAttribute('open')) return false;
      const declared = at.style.display || this.#rules.filter((rule) => this.#applies(rule, at!)).at(-1)?.display;
      if (declared === 'none') return false;
    }
    return true;
  }

  #applies(rule: Rule, element: Element): boolean {
    try {
      return element.matches(rule.selector);
    } catch {
      return false;
    }
  }
}
