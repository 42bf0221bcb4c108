import type { ErrorCode } from '../../protocol/errors.ts';
import type { Sentence, Strings } from '../panel/strings.ts';

export type Backdrop = 'checker' | 'white' | 'black' | 'color' | 'mask';

/** Texts of the page that match the panel's. */
export type PanelWords = Pick<
  Strings,
  | 'cancel'
  | 'subject'
  | 'subjects'
  | 'labels'
  | 'refinements'
  | 'edge'
  | 'edgeControls'
  | 'amounts'
  | 'server'
  | 'providers'
  | 'serverErrors'
>;

/** All texts of the page. Markup refers to them by dotted path: `downloads.mask`. */
export interface Words extends PanelWords {
  lang: string;
  /** The other language, in its own name. */
  otherLanguage: string;
  intro: { title: string; choose: string; sample: string; types: string; dropHere: string };
  privacy: string;
  stages: {
    waiting: string;
    uploading: string;
    queued: string;
    queuedBehind: string;
    running: string;
    remaining: string;
    model: string;
    server: string;
    cancelled: string;
    done: string;
  };
  viewer: {
    region: string;
    before: string;
    after: string;
    split: string;
    /** What the slider says to screen readers; {percent} of the picture is still the original. */
    splitAt: string;
    color: string;
    zoom: string;
    fit: string;
    updating: string;
  };
  backdrops: Record<Backdrop, string>;
  /** Correcting the mask by hand. */
  retouch: {
    title: string;
    brush: string;
    off: string;
    keep: string;
    remove: string;
    size: string;
    undo: string;
    keys: string;
    canvas: string;
    choose: string;
    reset: string;
    dropHere: string;
    working: string;
    done: string;
    /** The mask is {mask}, the picture {picture}. */
    otherSize: Sentence;
  };
  picture: string;
  close: string;
  another: string;
  closeAll: string;
  leaveOut: string;
  strip: {
    label: string;
    previous: string;
    next: string;
    add: string;
    place: string;
    states: Record<'waiting' | 'working' | 'done' | 'failed', string>;
  };
  retry: string;
  percent: string;
  downloads: {
    title: string;
    depth: string;
    bits: string;
    mask: string;
    maskHint: string;
    cutout: string;
    cutoutHint: string;
    document: string;
    documentHint: string;
    copy: string;
    copyHint: string;
    copied: string;
    copyFailed: Sentence;
    /** For {count} pictures. */
    all: string;
    /** Check marks: lay the cut-out on the color that is shown; cut to the subject. */
    background: string;
    trim: string;
    margin: string;
    /** {count} pictures are not in the archive. */
    left: Sentence;
    making: string;
    saved: string;
  };
  details: {
    title: string;
    model: string;
    provider: string;
    size: string;
    time: string;
    version: string;
    seconds: string;
  };
  /** Stages of the Server-Timing header; others are shown by their own names. */
  timings: Record<string, string>;
  control: {
    title: string;
    install: string;
    installNow: string;
    openPanel: string;
    panelCalled: string;
    panelSilent: string;
    mask: string;
    autostart: string;
    watch: string;
    available: string;
    update: string;
    updating: string;
    updateFailed: string;
    openLog: string;
    stop: string;
    models: string;
    fetch: string;
    remove: string;
    included: string;
    downloading: string;
  };
  offline: Sentence;
  notReady: Record<'downloading' | 'loading' | 'missing' | 'failed' | 'installed', string>;
  clipboardEmpty: Sentence;
  noSubject: Sentence;
  unexpected: Sentence;
  documentation: string;
  errors: Partial<Record<ErrorCode, Sentence>>;
}
