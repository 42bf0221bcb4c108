import { en } from './en.ts';
import type { Strings } from './strings.ts';
import { zh } from './zh.ts';

/** The table for a locale as hosts write it: `en_US`, `zh_CN`, `zh-Hans-CN`. English where there is no table. */
export function chooseStrings(locale = ''): Strings {
  // Traditional characters are another language to read, and we do not have it.
  return /^zh(?!.*(Hant|TW|HK|MO))/i.test(locale) ? zh : en;
}
