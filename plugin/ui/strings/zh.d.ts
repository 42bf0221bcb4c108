import type { Strings } from './strings.ts';
/** Simplified Chinese. */
export declare const zh: Strings;
