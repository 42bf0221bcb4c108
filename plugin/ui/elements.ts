/** An element of `index.html`. */
export function find(document: Document, id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`index.html has no #${id}`);
  return element;
}

/** A button of `index.html`, with its words. */
export function prepareButton(document: Document, id: string, text: string, act: () => void): HTMLElement {
  const button = find(document, id);
  button.textContent = text;
  button.addEventListener('click', () => act());
  return button;
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Of a box to tick. */
export function onToggle(box: HTMLElement, act: (checked: boolean) => void): void {
  box.addEventListener('change', () => act((box as HTMLInputElement).checked === true));
}

export function setChecked(box: HTMLElement, checked: boolean): void {
  const input = box as HTMLInputElement;
  if (input.checked !== checked) input.checked = checked;
}

/** Writes only what changed: every write to a live region is read aloud. An element without words takes no room. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent === text) return;
  element.textContent = text;
  show(element, text !== '');
}

/** Hidden, never disabled: a UXP control that was disabled once can no longer be reached with TAB. */
export function show(element: HTMLElement, shown: boolean): void {
  const display = shown ? '' : 'none';
  if (element.style.display !== display) element.style.display = display;
}

export function isShown(element: HTMLElement): boolean {
  return element.style.display !== 'none';
}

/** Whether the keyboard is at this element or inside it. */
export function hasFocus(element: HTMLElement): boolean {
  const active = element.ownerDocument.activeElement;
  // Without a focus there is none, and `contains` need not take that.
  return active ? element.contains(active) : false;
}
