import { find, show } from './elements.ts';
import { ACCEPTED } from './pictures.ts';

export interface IntakeEvents {
  onPicture: (file: File) => void;
  /** Something other than a picture was pasted. */
  onNothing: () => void;
  onFailure: (error: unknown) => void;
}

const SAMPLE = 'astronaut.png';

/** Sources of pictures: drop, paste, file dialog, or the sample. */
export function takePictures({ onPicture, onNothing, onFailure }: IntakeEvents): void {
  const input = find<HTMLInputElement>('file');
  input.accept = ACCEPTED;
  find('choose').addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    // The same file can be chosen again.
    input.value = '';
    if (file) onPicture(file);
  });

  find('sample').addEventListener('click', async () => {
    try {
      const picture = await (await fetch(`/page/${SAMPLE}`)).blob();
      onPicture(new File([picture], SAMPLE, { type: picture.type }));
    } catch (error) {
      onFailure(error);
    }
  });

  document.addEventListener('paste', ({ clipboardData }) => {
    const [file] = clipboardData?.files ?? [];
    if (file) onPicture(file);
    else onNothing();
  });

  // Entering a child fires before leaving its parent, so they are counted.
  let inside = 0;
  const draw = () => show('veil', inside > 0);
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
    const [file] = event.dataTransfer?.files ?? [];
    if (file) onPicture(file);
  });
}
