import type { Refine, Subject } from '../protocol/matte.ts';
import { Control } from './control.ts';
import { Corrections } from './corrections.ts';
import { drawDetails } from './details.ts';
import { offerDownloads } from './downloads.ts';
import { drawStage } from './draw-stage.ts';
import { EdgeSliders } from './edge-sliders.ts';
import { find, followChoice, show, speak } from './elements.ts';
import { describeError } from './errors.ts';
import { findFocus } from './find-focus.ts';
import { Gallery, type Item } from './gallery.ts';
import { takePictures } from './intake.ts';
import { fill, Language } from './language.ts';
import type { View } from './matte-session.ts';
import type { Matte } from './matting.ts';
import { Notice } from './notice.ts';
import { canShow } from './pictures.ts';
import { Previews } from './previews.ts';
import { ServerLine, type ServerState } from './server-line.ts';
import { Strip } from './strip.ts';
import { Viewer } from './viewer.ts';

/** Element to focus when a view replaces the focused one. */
const FIRST = { empty: 'choose', working: 'cancel', failed: 'retry', result: 'split' } as const;

/** Connects the parts: pictures come in, the session requests mattes, the viewer shows them. */
export class Page {
  readonly #language = new Language();
  readonly #notice = new Notice(this.#language);
  readonly #gallery = new Gallery({
    options: () => this.#options,
    onSwitch: (from) => this.#switch(from),
    onView: (view) => this.#draw(view),
    onChange: () => this.#drawStrip(),
  });
  readonly #strip = new Strip(this.#gallery, this.#language);
  readonly #viewer = new Viewer(this.#language, () => this.#preview());
  readonly #sliders = new EdgeSliders(this.#language, () => this.#preview());
  readonly #previews = new Previews(
    () => this.#session,
    this.#viewer,
    (error) => this.#fail(error),
  );
  readonly #corrections = new Corrections(this.#gallery, this.#language, {
    onCorrected: () => this.#showCorrected(),
    onSwitch: (isPainting) => {
      this.#viewer.veil(isPainting);
      this.#preview();
    },
    onFailure: (error) => this.#fail(error),
    onNote: (say) => this.#notice.say(say),
  });
  readonly #readSubject = followChoice<Subject>('subjects', () => this.#again());
  readonly #readRefine = followChoice<Refine>('refinements', () => this.#again());
  #drawn: View['name'] | null = 'empty';
  #server: ServerState = 'unknown';
  #original: string | null = null;

  start(): void {
    const onFailure = (error: unknown) => this.#fail(error);
    takePictures({
      onPictures: (files) => this.#take(files),
      onMask: (file) => void this.#corrections.useMask(file),
      takesMask: () => this.#session.view.name === 'result',
      onNothing: () => this.#notice.say((words) => words.clipboardEmpty),
      onFailure,
    });
    offerDownloads(this.#gallery, this.#language, {
      settings: (item) => this.#settingsOf(item),
      background: () => this.#viewer.background,
      onFailure,
      onNote: (say) => this.#notice.say(say),
    });
    new Control(this.#language, onFailure);
    new ServerLine(this.#language, (state) => this.#heed(state));
    this.#language.follow(() => this.#drawWords());
    find('language').addEventListener('click', () => this.#language.choose(find('language').lang));
    find('cancel').addEventListener('click', () => {
      this.#gallery.remove();
      speak(this.#language.words.stages.cancelled);
    });
    find('retry').addEventListener('click', () => void this.#session.retry(this.#options));
    find('another').addEventListener('click', () => this.#gallery.clear());
    find('failed-another').addEventListener('click', () => this.#gallery.remove());
    // Leaving the page frees the server's copies.
    window.addEventListener('pagehide', () => {
      for (const { session } of this.#gallery.items) session.release();
    });
  }

  get #options() {
    return { subject: this.#readSubject(), refine: this.#readRefine() };
  }

  /** Of the shown picture. */
  get #session() {
    return this.#gallery.session;
  }

  #settingsOf(item: Item) {
    return item === this.#gallery.current ? this.#sliders.settings : this.#sliders.settingsOf(item.edge);
  }

  #take(files: readonly File[]): void {
    this.#notice.clear();
    this.#gallery.add(files);
  }

  /** Each picture has its own edge. */
  #switch(from: Item | null): void {
    if (from) from.edge = this.#sliders.positions;
    this.#sliders.restore(this.#gallery.current?.edge ?? null);
    this.#close();
    this.#drawn = null;
    this.#draw(this.#session.view);
  }

  #drawStrip(): void {
    this.#strip.draw();
    const { length } = this.#gallery.items;
    const { words } = this.#language;
    show('all-row', length > 1);
    find('all-text').textContent = fill(words.downloads.all, { count: String(length) });
    find('another').textContent = length > 1 ? words.closeAll : words.another;
    find('failed-another').textContent = length > 1 ? words.leaveOut : words.another;
  }

  /** A new subject or quality invalidates the old result. */
  #again(): void {
    this.#drawWords();
    const { name } = this.#session.view;
    this.#notice.clear();
    if (name === 'result' || name === 'working') void this.#session.retry(this.#options);
  }

  #preview(): void {
    this.#previews.update(this.#sliders.settings);
  }

  #fail(error: unknown): void {
    this.#notice.say((words) => describeError(error, words));
  }

  #heed(state: ServerState): void {
    this.#server = state;
    this.#notice.keep(state === 'offline' ? (words) => words.offline : null);
    this.#drawWords();
  }

  #drawWords(): void {
    const { words } = this.#language;
    const button = find('language');
    button.textContent = words.otherLanguage;
    button.lang = words.lang === 'en' ? 'zh-CN' : 'en';
    const state = typeof this.#server === 'string' ? this.#server : this.#server.state;
    const notReady: Partial<Record<string, string>> = words.notReady;
    find('not-ready').textContent = notReady[state] ?? '';
    const { view } = this.#session;
    drawStage(view, words);
    this.#drawStrip();
    if (view.name === 'result') drawDetails(view.matte, this.#server, words);
  }

  #draw(view: View): void {
    const had = document.activeElement;
    const isNew = view.name !== this.#drawn;
    this.#drawn = view.name;
    document.body.dataset.view = view.name;
    show('intake', view.name === 'empty');
    show('working', view.name === 'working');
    show('failed', view.name === 'failed');
    for (const id of ['viewer', 'retouch', 'edge', 'downloads', 'details']) show(id, view.name === 'result');
    this.#drawWords();
    if (!isNew) return;
    if (view.name === 'working') void this.#showOriginal();
    else this.#hideOriginal();
    if (view.name === 'result') void this.#open(view.matte);
    else this.#close();
    if (had === document.body || !had?.checkVisibility()) find(FIRST[view.name]).focus({ preventScroll: true });
  }

  /** The same picture with another matte: the view stays where it is. */
  #showCorrected(): void {
    this.#notice.clear();
    this.#previews.stop();
    this.#preview();
  }

  #close(): void {
    this.#corrections.close();
    this.#previews.stop();
    this.#viewer.close();
  }

  async #open(matte: Matte): Promise<void> {
    this.#viewer.open(matte);
    this.#corrections.open();
    if (matte.hasSubject) speak(this.#language.words.stages.done);
    else this.#notice.say((words) => words.noSubject);
    this.#preview();
    const session = this.#session;
    const { file } = session;
    // The center if there is nothing to find.
    const focus = await findFocus(matte.alpha).catch(() => null);
    if (focus && this.#session === session) this.#viewer.aim(focus);
    if (!file) return;
    // A picture that only the server can decode (TIFF) is fetched from it.
    const shown = (await canShow(file))
      ? file
      : await session.read({ output: 'picture' }, new AbortController().signal).catch(() => null);
    if (this.#session === session) this.#viewer.setBefore(shown);
  }

  async #showOriginal(): Promise<void> {
    const { file } = this.#session;
    const image = find<HTMLImageElement>('original');
    if (!file || !(await canShow(file)) || this.#session.file !== file) return;
    this.#hideOriginal();
    this.#original = URL.createObjectURL(file);
    image.src = this.#original;
    image.hidden = false;
  }

  #hideOriginal(): void {
    find<HTMLImageElement>('original').hidden = true;
    if (this.#original) URL.revokeObjectURL(this.#original);
    this.#original = null;
  }
}
