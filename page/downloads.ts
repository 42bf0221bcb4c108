import type { Depth } from '../protocol/matte.ts';
import type { EdgeRequest } from '../protocol/schemas/edge.ts';
import type { Words } from '../words/page/words.ts';
import type { Sentence } from '../words/panel/strings.ts';
import { find, followChoice, show, speak } from './elements.ts';
import type { Gallery, Item } from './gallery.ts';
import { fill, type Language } from './language.ts';
import { nameResult } from './pictures.ts';
import { ZipArchive } from './zip.ts';

const RESULTS = [
  { button: 'get-mask', output: 'alpha', suffix: '_alpha.png', archive: 'masks.zip' },
  { button: 'get-cutout', output: 'cutout', suffix: '_cutout.png', archive: 'cutouts.zip' },
  { button: 'get-document', output: 'psd', suffix: '.psd', archive: 'photoshop.zip' },
] as const;
type Result = (typeof RESULTS)[number];

/** Milliseconds that a browser may take to start a download. */
const HANDOVER = 60_000;

export interface DownloadOptions {
  /** Of a picture's edge. */
  settings: (item: Item) => EdgeRequest;
  /** The color that is shown behind the subject, as CSS; null for none. */
  background: () => string | null;
  onFailure: (error: unknown) => void;
  onNote: (say: (words: Words) => Sentence) => void;
}

/** Results at full size with the edge settings of each picture: of the shown one, or of all in an archive. */
export function offerDownloads(
  gallery: Gallery,
  language: Language,
  { settings, background, onFailure, onNote }: DownloadOptions,
): void {
  const readDepth = followChoice<'8' | '16'>('depths', () => undefined);
  const all = find<HTMLInputElement>('all');
  const trim = find<HTMLInputElement>('trim');
  const readMargin = followChoice('margins', () => undefined);
  trim.addEventListener('change', () => show('margins', trim.checked));
  const never = () => new AbortController().signal;

  async function make(item: Item, { output }: Result): Promise<Blob> {
    return item.session.read({ ...settings(item), ...finish(output), depth: Number(readDepth()) as Depth }, never());
  }

  /** How a result is laid out. Documents keep the frame of the picture. */
  function finish(output: Result['output']): EdgeRequest {
    if (output === 'psd') return { output };
    const color = output === 'cutout' && find<HTMLInputElement>('background').checked ? background() : null;
    return {
      ...(color === null ? { output } : { output: 'composition', background: color }),
      ...(trim.checked && { trim: true, margin: readMargin() }),
    };
  }

  async function saveOne(item: Item, result: Result): Promise<void> {
    const file = nameResult(item.file.name, result.suffix);
    speak(fill(language.words.downloads.making, { file }));
    hand(await make(item, result), file);
    speak(fill(language.words.downloads.saved, { file }));
  }

  /** One picture is made at a time. An archive that would grow too long is followed by another. */
  async function saveAll(result: Result): Promise<void> {
    const done = gallery.items.filter(({ session }) => session.view.name === 'result');
    const missing = gallery.items.length - done.length;
    const names = new Set<string>();
    let archive = new ZipArchive();
    let volume = 1;
    const save = () => {
      const file = volume === 1 ? result.archive : result.archive.replace('.', `_${volume}.`);
      hand(archive.finish(), file);
      speak(fill(language.words.downloads.saved, { file }));
      archive = new ZipArchive();
      volume++;
    };
    for (const item of done) {
      const name = uniqueName(names, item.file.name, result.suffix);
      speak(fill(language.words.downloads.making, { file: name }));
      const content = await make(item, result);
      if (archive.count > 0 && !archive.fits(name, content)) save();
      await archive.add(name, content);
    }
    if (archive.count > 0) save();
    if (missing === 0) return;
    onNote(({ downloads: { left } }) => [fill(left[0], { count: String(missing) }), left[1]]);
  }

  for (const result of RESULTS) {
    whenPressed(
      result.button,
      async () => {
        const { current, items } = gallery;
        if (current) await (all.checked && items.length > 1 ? saveAll(result) : saveOne(current, result));
      },
      onFailure,
    );
  }

  const copy = find('copy');
  // Browsers offer the clipboard to pages of this computer only.
  copy.hidden = !('clipboard' in navigator && 'ClipboardItem' in window);
  whenPressed(
    'copy',
    async () => {
      if (!gallery.current) return;
      const item = gallery.current;
      // The promise is handed over at once: later, the press would be forgotten.
      const picture = item.session.read({ ...settings(item), ...finish('cutout') }, never());
      try {
        await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
      } catch (error) {
        await picture;
        console.warn(error);
        return onNote((words) => words.downloads.copyFailed);
      }
      speak(language.words.downloads.copied);
    },
    onFailure,
  );
}

/** Not disabled meanwhile: that would take the focus away from the pressed button. */
function whenPressed(id: string, act: () => Promise<void>, onFailure: (error: unknown) => void): void {
  const button = find<HTMLButtonElement>(id);
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    await act().catch(onFailure);
    button.removeAttribute('aria-disabled');
  });
}

/** Pictures of several folders may share a name. */
export function uniqueName(taken: Set<string>, original: string, suffix: string): string {
  let name = nameResult(original, suffix);
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = nameResult(original, `_${n}${suffix}`);
  taken.add(name.toLowerCase());
  return name;
}

function hand(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), HANDOVER);
}
