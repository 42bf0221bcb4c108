import { TYPE_BY_ENDING } from '../protocol/endings.ts';
import { ENCODED_TYPES } from '../protocol/matte.ts';

/** For the file dialog: systems that do not know a type know its extension. */
export const ACCEPTED = [...ENCODED_TYPES, ...Object.keys(TYPE_BY_ENDING).map((ending) => `.${ending}`)].join(',');

/** Content type to upload a file with; some systems do not know all of them. */
export function typeOf({ type, name }: Pick<File, 'type' | 'name'>): string {
  if ((ENCODED_TYPES as readonly string[]).includes(type)) return type;
  return TYPE_BY_ENDING[endingOf(name)] ?? 'image/jpeg';
}

/** Whether the file's declared type is not a picture, so that it need not be sent. */
export function isOtherThanPicture({ type, name }: Pick<File, 'type' | 'name'>): boolean {
  return type !== '' && !(ENCODED_TYPES as readonly string[]).includes(type) && !(endingOf(name) in TYPE_BY_ENDING);
}

/** Name for a result: `portrait.jpg` becomes `portrait_alpha.png`. */
export function nameResult(original: string, suffix: string): string {
  const base = original.replace(/\.[^.]*$/, '').replace(/[\\/:*?"<>|]/g, '_') || 'picture';
  return `${base}${suffix}`;
}

/** Whether this browser can decode the picture; not all know TIFF. */
export async function canShow(file: Blob): Promise<boolean> {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
    return true;
  } catch {
    return false;
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

function endingOf(name: string): string {
  return /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}
