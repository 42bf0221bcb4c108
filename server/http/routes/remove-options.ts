import type { Subject } from '../../../protocol/matte.ts';
import { AppError } from '../../errors.ts';
import { parseColor } from '../../imaging/color.ts';

/** The request of a rembg client, in Hairline's terms. */
export interface RemoveOptions {
  url: string | null;
  model: string;
  subject: Subject;
  output: 'alpha' | 'cutout' | 'composition';
  /** CSS color. */
  background: string;
  /** 0 keeps the picture's own colors in soft edges. */
  decontaminate: 0 | 1;
  /** Whether the mask is binarized, with smoothed edges. */
  hard: boolean;
}

/** rembg's models for any salient object; those for people; its other names are unknown here. */
const SUBJECTS: Readonly<Record<string, Subject>> = {
  u2net_human_seg: 'portrait',
  'birefnet-portrait': 'portrait',
  u2net: 'object',
  u2netp: 'object',
  silueta: 'object',
  'isnet-general-use': 'object',
  'isnet-anime': 'object',
  'birefnet-general': 'object',
  'birefnet-general-fp16': 'object',
  'birefnet-general-lite': 'object',
  'birefnet-dis': 'object',
  'birefnet-hrsod': 'object',
  'birefnet-cod': 'object',
  'birefnet-massive': 'object',
  'bria-rmbg': 'object',
  withoutbg: 'object',
};

/** rembg defaults to a model for any object. */
const DEFAULT_MODEL = 'u2net';

const YES = ['true', '1', 'on', 't', 'yes', 'y'];
const NO = ['false', '0', 'off', 'f', 'no', 'n'];

/**
 * Parses the parameters of a rembg client. When one is repeated, the last counts; an empty one counts as absent.
 * @throws {AppError} BAD_REQUEST
 */
export function readRemoveOptions(given: Readonly<Record<string, unknown>>): RemoveOptions {
  const text = (name: string): string | null => {
    const value = Object.hasOwn(given, name) ? [given[name]].flat().at(-1) : null;
    if (value === null || value === undefined || value === '') return null;
    // Other JSON types have no text form.
    if (typeof value === 'object') throw new AppError('BAD_REQUEST', `The parameter "${name}" must be a text.`);
    return String(value);
  };
  const yes = (name: string, fallback: boolean) => {
    const value = text(name)?.toLowerCase();
    if (value === undefined || YES.includes(value)) return value === undefined ? fallback : true;
    if (NO.includes(value)) return false;
    throw new AppError('BAD_REQUEST', `The parameter "${name}" must be true or false.`);
  };
  const checkNumber = (name: string, max: number) => {
    const value = text(name) ?? '0';
    if (!/^\d{1,9}$/.test(value) || Number(value) > max)
      throw new AppError('BAD_REQUEST', `The parameter "${name}" must be a whole number from 0 to ${max}.`);
  };
  checkNumber('af', 255);
  checkNumber('ab', 255);
  checkNumber('ae', 1000);
  yes('a', false);
  yes('vm', false);
  const name = text('model') ?? DEFAULT_MODEL;
  const subject = Object.hasOwn(SUBJECTS, name) ? SUBJECTS[name] : undefined;
  const background = readBackground(text('bgc') ?? text('bgcolor'));
  return {
    url: text('url'),
    model: subject ? 'auto' : name,
    subject: subject ?? 'portrait',
    output: yes('om', false) ? 'alpha' : background ? 'composition' : 'cutout',
    background: background ?? 'white',
    decontaminate: yes('dc', true) ? 1 : 0,
    hard: yes('ppm', false),
  };
}

/** A CSS color, or null to leave the background transparent. */
function readBackground(text: string | null): string | null {
  if (text === null) return null;
  const numbers = text.replace(/^[([]|[)\]]$/g, '').split(',');
  if (numbers.length < 3) {
    parseColor(text);
    return text;
  }
  const [red = 0, green = 0, blue = 0, alpha = 255] = numbers.map((number) =>
    /^\s*\d{1,3}\s*$/.test(number) ? Number(number) : Number.NaN,
  );
  const known = [red, green, blue].every((value) => value <= 255) && numbers.length <= 4;
  if (!known || (alpha !== 255 && alpha !== 0))
    throw new AppError('BAD_REQUEST', 'The parameter "bgc" must be r,g,b,a with 0 to 255 each; a only 0 or 255.');
  return alpha === 0 ? null : `rgb(${red}, ${green}, ${blue})`;
}
