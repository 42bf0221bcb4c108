import { find, hasFocus, show } from './elements.ts';

/** A heading that opens and closes what is below it. `<id>-toggle` with an sp-icon, and `<id>-body`. */
export class Disclosure {
  private readonly toggle: HTMLElement;
  private readonly icon: Element | null;
  private readonly body: HTMLElement;
  private readonly onChange: (open: boolean) => void;
  private open = false;

  constructor(document: Document, id: string, title: string, onChange: (open: boolean) => void = () => {}) {
    this.toggle = find(document, `${id}-toggle`);
    this.icon = this.toggle.querySelector('sp-icon');
    this.body = find(document, `${id}-body`);
    this.onChange = onChange;
    find(document, `${id}-title`).textContent = title;
    this.toggle.addEventListener('click', () => this.set(!this.open));
    this.set(false);
  }

  private set(open: boolean): void {
    if (!open && hasFocus(this.body)) this.toggle.focus();
    this.open = open;
    this.toggle.setAttribute('aria-expanded', String(open));
    this.icon?.setAttribute('name', open ? 'ui:ChevronDownMedium' : 'ui:ChevronRightMedium');
    show(this.body, open);
    this.onChange(open);
  }
}
