import type { Depth } from '../protocol/matte.ts';
import type { EdgeRequest } from '../protocol/schemas/edge.ts';
import { find, followChoice, speak } from './elements.ts';
import { fill, type Language } from './language.ts';
import type { Session } from './matte-session.ts';
import { nameResult } from './pictures.ts';

const RESULTS = [
  { button: 'get-mask', output: 'alpha', suffix: '_alpha.png' },
  { button: 'get-cutout', output: 'cutout', suffix: '_cutout.png' },
  { button: 'get-document', output: 'psd', suffix: '.psd' },
] as const;

/** Milliseconds that a browser may take to start a download. */
const HANDOVER = 60_000;

export interface DownloadOptions {
  /** Of the edge. */
  settings: () => EdgeRequest;
  onFailure: (error: unknown) => void;
}

/** Results at the picture's full size, with the current edge settings. */
export function offerDownloads(session: Session, language: Language, { settings, onFailure }: DownloadOptions): void {
  const readDepth = followChoice<'8' | '16'>('depths', () => undefined);
  for (const { button: id, output, suffix } of RESULTS) {
    const button = find<HTMLButtonElement>(id);
    button.addEventListener('click', async () => {
      // Not disabled: that would take the focus away from the pressed button.
      if (!session.file || button.getAttribute('aria-disabled') === 'true') return;
      const file = nameResult(session.file.name, suffix);
      button.setAttribute('aria-disabled', 'true');
      speak(fill(language.words.downloads.making, { file }));
      try {
        const depth = Number(readDepth()) as Depth;
        hand(await session.read({ ...settings(), output, depth }, new AbortController().signal), file);
        speak(fill(language.words.downloads.saved, { file }));
      } catch (error) {
        onFailure(error);
      } finally {
        button.removeAttribute('aria-disabled');
      }
    });
  }
}

function hand(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), HANDOVER);
}
