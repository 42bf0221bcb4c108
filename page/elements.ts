/** @throws {Error} when the markup lacks the element */
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

/** Announced politely to screen readers, after current speech. */
export function speak(text: string): void {
  find('spoken').textContent = text;
}
