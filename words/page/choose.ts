import { chooseStrings } from '../panel/choose.ts';
import { en } from './en.ts';
import type { Words } from './words.ts';
import { zh } from './zh.ts';

/** The table for a browser locale, by the panel's rule. */
export function chooseWords(locale: string): Words {
  return chooseStrings(locale).lang === zh.lang ? zh : en;
}
