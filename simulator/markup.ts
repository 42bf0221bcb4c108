import type { Document, Element } from './elements.ts';

/** HTML that UXP does not support (known-issues page of its documentation). */
const elements: [selector: string, problem: string][] = [
  ['iframe', 'there is no iframe'],
  ['script[type="module"]', 'ES modules do not run'],
  ['script[src*="://"]', 'scripts from elsewhere do not load'],
  ['label[for]', 'label has no effect through `for`'],
  ['input[type="file"], input[type="color"]', 'no file and color inputs'],
  ['option:not([value])', 'option needs a value'],
  ['form:not([method="dialog"])', 'forms only with method="dialog"'],
  ['video, audio', 'no media elements'],
];

/** CSS that UXP ignores. */
const declarations: [pattern: RegExp, problem: string][] = [
  [/(?:^|[\s;{])(?:row-|column-)?gap\s*:/, 'gap'],
  [/display\s*:\s*(?:inline-)?grid/, 'display: grid'],
  [/(?:^|[\s;{])grid-[a-z-]+\s*:/, 'grid'],
  [/(?:^|[\s;{])float\s*:/, 'float'],
  [/(?:^|[\s;{])font\s*:/, 'the font shorthand'],
  [/text-transform\s*:/, 'text-transform'],
  [/(?:^|[\s;{])transition(?:-[a-z]+)?\s*:/, 'transition'],
  [/(?:^|[\s;{])animation(?:-[a-z]+)?\s*:|@keyframes/, 'animation'],
  [/box-shadow\s*:|(?:^|[\s;{])transform\s*:/, 'box-shadow and transform without CSSNextSupport'],
];

/** What a panel's HTML and CSS ask of UXP in vain, in words. */
export function findMarkupProblems(document: Document, sheets: readonly string[]): string[] {
  const problems: string[] = [];
  for (const [selector, problem] of elements) if (document.querySelector(selector)) problems.push(problem);
  const styles = Array.from(document.querySelectorAll('[style]'), (element) => element.getAttribute('style') ?? '');
  const css = [...sheets, ...styles].join('\n').replace(/\/\*[\s\S]*?\*\//g, '');
  for (const [pattern, problem] of declarations) if (pattern.test(css)) problems.push(problem);
  for (const element of document.querySelectorAll('*')) {
    if (hasInlineHandler(element)) problems.push(`inline handler on ${element.localName}`);
  }
  return problems;
}

/** These need allowCodeGenerationFromStrings. */
const hasInlineHandler = (element: Element) => element.getAttributeNames().some((name) => name.startsWith('on'));
