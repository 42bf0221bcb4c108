import { en } from './en.ts';
import type { Strings } from './strings.ts';
import { zh } from './zh.ts';

/** The table for a host locale: `en_US`, `zh_CN`, `zh-Hans-CN`. English if there is none. */
export function chooseStrings(locale = ''): Strings {
  // Traditional Chinese would need its own table, which does not exist.
  return /^zh(?!.*(Hant|TW|HK|MO))/i.test(locale) ? zh : en;
}
