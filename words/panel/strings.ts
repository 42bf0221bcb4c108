import type { EdgeControls } from '../../protocol/edge.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { Refine, Subject } from '../../protocol/matte.ts';
import type { HostWords } from './host-words.ts';
import type { BackdropKey, DeliveryKey, MaskPolicyKey, PanelErrorKey, SourceKey } from './keys.ts';

/** Everything the panel says. {placeholders} are filled in by `messages.ts`. Another language is another such table
 *  and a line in `choose.ts`; menu paths and names of things as in Photoshop of that language. */
export interface Strings {
  /** For screen readers and for the choice of a font, as HTML writes it. */
  lang: string;
  maskSubject: string;
  cancel: string;
  /** The choice of what to look for: its name for screen readers, and the words beside the buttons. */
  subject: string;
  subjects: Record<Subject, string>;
  /** What Hairline does, for who opens it for the first time. */
  welcome: readonly [string, string, string];
  options: string;
  /** Beside the lists of options, and the options. */
  labels: Record<'source' | 'delivery' | 'refine' | 'existingMask' | 'backdrop', string>;
  sources: Record<SourceKey, string>;
  deliveries: Record<DeliveryKey, string>;
  refinements: Record<Refine, string>;
  maskPolicies: Record<MaskPolicyKey, string>;
  /** Asked when a layer has a mask already and nothing was decided about that yet. */
  question: Record<'remember' | 'keep', string>;
  answers: Record<Exclude<MaskPolicyKey, 'ask'>, string>;
  edge: Record<'title' | 'apply' | 'reset' | 'keep' | 'picture' | 'waiting', string>;
  edgeControls: Record<keyof EdgeControls, string>;
  /** Beside a slider: lengths, areas by the side of a square, and shares. */
  amounts: Record<'length' | 'area' | 'share', string>;
  backdrops: Record<BackdropKey, string>;
  setup: Record<
    'title' | 'start' | 'command' | 'address' | 'automatic' | 'badAddress' | 'where' | 'waiting' | 'place',
    string
  >;
  status: Record<
    | 'idle'
    | 'searching'
    | 'reading'
    | 'uploading'
    | 'waiting'
    | 'queued'
    | 'downloading'
    | 'writing'
    | 'busy'
    | 'asking'
    | 'cancelled',
    Sentence
  >;
  /** How a run ended, by what was made; and for more than one layer. */
  done: Record<DeliveryKey, Sentence>;
  several: Record<'part' | 'nothing', string> & { done: Record<DeliveryKey, string> };
  server: Record<
    | 'unknown'
    | 'offline'
    | 'starting'
    | 'ready'
    | 'downloading'
    | 'loading'
    | 'installed'
    | 'missing'
    | 'failed'
    | 'wrong',
    string
  >;
  /** Execution providers by their id. */
  providers: Record<string, string>;
  /** Colour modes by Photoshop's constant, named as in its menu. */
  modes: Record<string, string>;
  batch: BatchStrings;
  /** How recorded steps are called in the Actions panel. */
  steps: { maskSubject: string; maskAll: string };
  errors: Record<PanelErrorKey, Sentence>;
  host: HostWords;
  /** What the server's failures are called; where one is missing, the server's own English words stand. */
  serverErrors: Partial<Record<ErrorCode, Sentence>>;
}

/** Masks for many documents. */
export interface BatchStrings {
  title: string;
  start: string;
  startChosen: string;
  stop: string;
  resume: string;
  retry: string;
  choose: string;
  chooseAll: string;
  redo: string;
  save: string;
  noCopies: string;
  place: string;
  places: Record<'beside' | 'folder', string>;
  folder: string;
  running: string;
  stopped: string;
  ended: string;
  /** One line for each document; `saved` and the like follow what came before them. */
  jobs: Record<'waiting' | 'saveWaiting' | 'saving' | 'done' | 'saved' | 'skipped' | 'failed' | 'notSaved', string>;
}

/** What is the case, and the one thing to do about it (empty if there is nothing to do). */
export type Sentence = readonly [message: string, hint: string];
