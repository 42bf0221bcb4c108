import { find, show } from './elements.ts';
import { ACCEPTED } from './pictures.ts';

export interface IntakeEvents {
  onPictures: (files: readonly File[]) => void;
  /** A file was dropped beside the shown picture. */
  onMask: (file: File) => void;
  /** Whether a mask can be used now. */
  takesMask: () => boolean;
  /** Something other than a picture was pasted. */
  onNothing: () => void;
  onFailure: (error: unknown) => void;
}

const SAMPLE = 'astronaut.png';

/** Sources of pictures: drop, paste, file dialog, or the sample. */
export function takePictures({ onPictures, onMask, takesMask, onNothing, onFailure }: IntakeEvents): void {
  const input = find<HTMLInputElement>('file');
  input.accept = ACCEPTED;
  for (const id of ['choose', 'add']) find(id).addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    // The same file can be chosen again.
    input.value = '';
    onPictures(files);
  });

  find('sample').addEventListener('click', async () => {
    try {
      const picture = await (await fetch(`/page/${SAMPLE}`)).blob();
      onPictures([new File([picture], SAMPLE, { type: picture.type })]);
    } catch (error) {
      onFailure(error);
    }
  });

  document.addEventListener('paste', ({ clipboardData }) => {
    const files = [...(clipboardData?.files ?? [])];
    if (files.length > 0) onPictures(files);
    else onNothing();
  });

  // Entering a child fires before leaving its parent, so they are counted.
  let inside = 0;
  const draw = () => {
    show('veil', inside > 0);
    show('mask-veil', inside > 0 && takesMask());
  };
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragenter', (event) => {
    if (hasFiles(event)) inside++;
    draw();
  });
  document.addEventListener('dragleave', (event) => {
    if (hasFiles(event)) inside = Math.max(0, inside - 1);
    draw();
  });
  document.addEventListener('dragover', (event) => {
    // Otherwise the browser would open the file in place of the page.
    if (hasFiles(event)) event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    inside = 0;
    draw();
    if (!hasFiles(event)) return;
    event.preventDefault();
    const files = [...(event.dataTransfer?.files ?? [])];
    const isBeside = event.target instanceof Element && event.target.closest('#side') !== null;
    if (isBeside && takesMask() && files.length === 1) onMask(files[0]!);
    else onPictures(files);
  });
}
