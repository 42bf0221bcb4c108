import type { Page } from 'playwright-core';

/** Presses Tab until the focus comes round, and answers with the ids it met. */
export async function tabThrough(page: Page): Promise<string[]> {
  const met: string[] = [];
  // From the top, wherever the last click was.
  await page.evaluate(() => {
    const start = document.createElement('a');
    start.tabIndex = -1;
    document.body.prepend(start);
    start.focus();
    start.remove();
  });
  for (let press = 0; press < 60; press++) {
    await page.keyboard.press('Tab');
    const id = await page.evaluate(() => {
      const { activeElement } = document;
      return activeElement === document.body ? null : activeElement?.id || activeElement?.getAttribute('value') || '';
    });
    if (id === null || met.includes(id)) break;
    met.push(id);
  }
  return met;
}

/** Ids of everything that a mouse could work now. */
export function findControls(page: Page): Promise<string[]> {
  const kinds = 'sp-button, sp-action-button, sp-radio, sp-checkbox, sp-dropdown, sp-slider, sp-textfield, button';
  return page.evaluate(
    (selector) =>
      [...document.querySelectorAll(selector)]
        .filter((element) => element.checkVisibility())
        .map((element) => element.id || (element.getAttribute('value') ?? '')),
    kinds,
  );
}
