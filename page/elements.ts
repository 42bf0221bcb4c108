/** @throws {Error} where the markup and the code do not fit */
export function find<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`#${id} is missing`);
  return element as T;
}

export function show(id: string, visible: boolean): void {
  find(id).hidden = !visible;
}

/** The value of a group of radio buttons, and its changes. */
export function followChoice<T extends string>(id: string, listener: (value: T) => void): () => T {
  const group = find(id);
  const read = () => group.querySelector<HTMLInputElement>('input:checked')!.value as T;
  group.addEventListener('change', () => listener(read()));
  return read;
}

/** Announced to screen readers, not before they are done with what they say. */
export function speak(text: string): void {
  find('spoken').textContent = text;
}
