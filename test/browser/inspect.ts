// Run in the page: these may use nothing from outside themselves.

/** What a person would complain about, as sentences; nothing if all is well. Looks at what is shown now. */
export function findLayoutProblems(): string[] {
  const problems: string[] = [];
  const name = (element: Element) => `${element.localName}#${element.id || element.parentElement?.id || '?'}`;
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) problems.push(`scrolls sideways`);

  const shown = [...document.querySelectorAll<HTMLElement>('#panel *')].filter((element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0 && element.checkVisibility();
  });
  for (const element of shown) {
    const box = element.getBoundingClientRect();
    if (box.left < 0 || box.right > width + 0.5) problems.push(`${name(element)} leaves the panel`);
    for (const part of [element, ...(element.shadowRoot?.querySelectorAll<HTMLElement>('span, input') ?? [])]) {
      if (part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0 && element.localName !== 'sp-menu')
        problems.push(`${name(element)} is clipped: ${part.textContent?.trim()}`);
    }
  }
  // Words that run into each other: no two lines of text may share a place.
  const words = shown.filter((element) => element.childElementCount === 0 && element.textContent?.trim());
  for (const [index, one] of words.entries()) {
    for (const other of words.slice(index + 1)) {
      const a = one.getBoundingClientRect();
      const b = other.getBoundingClientRect();
      const overlap = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      if (overlap > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2)
        problems.push(`${name(one)} and ${name(other)} overlap`);
    }
  }
  return problems;
}

/** Text whose color is too near to that of what it lies on: below 4.5 : 1. */
export function findPaleText(): string[] {
  const channels = (color: string) => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d')!;
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const known = new Map<string, number>();
  const luminance = (color: string) => {
    if (!known.has(color)) known.set(color, measure(color));
    return known.get(color)!;
  };
  const measure = (color: string) => {
    const [r, g, b] = channels(color).map((value) => {
      const unit = value / 255;
      return unit <= 0.04045 ? unit / 12.92 : ((unit + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const under = (element: Element): string => {
    for (let at: Element | null = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (backgroundColor !== 'rgba(0, 0, 0, 0)') return backgroundColor;
    }
    return '#fff';
  };
  return [...document.querySelectorAll<HTMLElement>('#panel *')].flatMap((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
    if (!own || !element.checkVisibility()) return [];
    const [one, two] = [luminance(getComputedStyle(element).color), luminance(under(element))].sort((a, b) => b - a);
    const ratio = (one! + 0.05) / (two! + 0.05);
    return ratio < 4.5 ? [`${element.localName}#${element.id}: ${ratio.toFixed(2)}`] : [];
  });
}
