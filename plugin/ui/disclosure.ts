import { find, hasFocus, show } from './elements.ts';

/** A heading that opens and closes what is below it. `<id>-toggle` with an sp-icon, and `<id>-body`. */
export function createDisclosure(
  document: Document,
  id: string,
  title: string,
  onChange: (open: boolean) => void = () => {},
): void {
  const toggle = find(document, `${id}-toggle`);
  const icon = toggle.querySelector('sp-icon');
  const body = find(document, `${id}-body`);
  let isOpen = false;

  function set(open: boolean): void {
    if (!open && hasFocus(body)) toggle.focus();
    isOpen = open;
    toggle.setAttribute('aria-expanded', String(open));
    icon?.setAttribute('name', open ? 'ui:ChevronDownMedium' : 'ui:ChevronRightMedium');
    show(body, open);
    onChange(open);
  }

  find(document, `${id}-title`).textContent = title;
  toggle.addEventListener('click', () => set(!isOpen));
  set(false);
}
