import { AsyncLocalStorage } from 'node:async_hooks';
import { chooseItem, chooseRadio, type DomWindow, type Element, type Visibility, whoTells } from './elements.ts';

/** Someone in front of the panel: does what a user could do, and refuses the rest. */
export class User {
  readonly #dom: DomWindow;
  readonly #visibility: Visibility;
  readonly #errors: unknown[];
  readonly #isPanelShown: () => boolean;
  /** The event that the plugin is handling, whatever it awaited since. */
  readonly #handling = new AsyncLocalStorage<{ element: Element; type: string }>();

  /** @param errors where what the plugin throws goes */
  constructor(dom: DomWindow, visibility: Visibility, errors: unknown[], isPanelShown: () => boolean) {
    this.#dom = dom;
    this.#visibility = visibility;
    this.#errors = errors;
    this.#isPanelShown = isPanelShown;
  }

  click(selector: string): void {
    const element = this.#usable(selector);
    const isRadio = element.localName === 'sp-radio';
    const group = isRadio ? element.closest('sp-radio-group') : null;
    if (isRadio) chooseRadio(element);
    else if (isToggle(element)) element.checked = !element.checked;
    this.fire(element, 'click');
    if (isRadio) this.#tellChoice(group ?? element, element);
    else if (isToggle(element)) this.fire(element, 'change');
    const chooser = element.localName === 'sp-menu-item' ? element.closest('sp-dropdown, sp-picker') : null;
    if (chooser) {
      chooseItem(chooser, (item) => item === element);
      this.#tellChoice(chooser, element);
    }
  }

  #tellChoice(group: Element, item: Element): void {
    this.fire(whoTells(group, item), 'change');
  }

  /** Chooses an item of a dropdown by its value. */
  choose(selector: string, value: string): void {
    const chooser = this.#usable(selector);
    const item = chooser.querySelector(`[value="${value}"]`);
    if (!item) throw new Error(`${selector} has no item ${value}`);
    if (item.hasAttribute('disabled')) throw new Error(`item ${value} of ${selector} is disabled`);
    if (item.localName === 'sp-menu-item') chooseItem(chooser, (other) => other === item);
    else chooser.value = value;
    this.#tellChoice(chooser, item);
  }

  /** Types into a text field, or moves a slider. */
  type(selector: string, value: string): void {
    const element = this.#usable(selector);
    element.value = value;
    this.fire(element, 'input');
    this.fire(element, 'change');
  }

  find(selector: string): Element {
    const element = this.#dom.document.querySelector(selector);
    if (!element) throw new Error(`no element matches ${selector}`);
    return element;
  }

  #usable(selector: string): Element {
    const element = this.find(selector);
    if (!this.#isPanelShown() && !element.closest('dialog[open]'))
      throw new Error('no panel is shown: call showPanel first');
    if (!this.#visibility.isVisible(element)) throw new Error(`${selector} is hidden`);
    if (element.hasAttribute('disabled') || element.disabled === true) throw new Error(`${selector} is disabled`);
    return element;
  }

  /** The host's own events go the same way. */
  fire(element: Element, type: string): void {
    try {
      const event = new this.#dom.Event(type, { bubbles: true, cancelable: true });
      this.#handling.run({ element, type }, () => element.dispatchEvent(event));
    } catch (error) {
      this.#errors.push(error);
    }
  }

  /** Known issue of UXP: a picker that a Spectrum control opens makes it click again when it closes, and so for ever. */
  notePicker(): void {
    const handled = this.#handling.getStore();
    if (!handled?.element.localName.startsWith('sp-')) return;
    const { element, type } = handled;
    setImmediate(() => {
      this.#errors.push(new Error(`the picker of ${element.localName} opens again and again`));
      if (this.#errors.length < 5) this.fire(element, type);
    });
  }
}

const isToggle = (element: Element) =>
  element.localName === 'sp-checkbox' ||
  element.localName === 'sp-switch' ||
  (element.localName === 'input' && element.getAttribute('type') === 'checkbox');
