import type { EdgeControls } from '../../protocol/edge.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { Refine, Subject } from '../../protocol/matte.ts';
import type { HostWords } from './host-words.ts';
import type { BackdropKey, DeliveryKey, MaskPolicyKey, PanelErrorKey, ProbeKey, SourceKey } from './keys.ts';

/**
 * All texts of the panel. `messages.ts` fills in {placeholders}. A new language needs another table and a line in
 * `choose.ts`; menu paths and terms follow Photoshop in that language.
 */
export interface Strings {
  /** For screen readers and font selection, as an HTML language tag. */
  lang: string;
  maskSubject: string;
  cancel: string;
  /** The subject choice: its name for screen readers, and the button labels. */
  subject: string;
  subjects: Record<Subject, string>;
  /** Introduction for first-time users. */
  welcome: readonly [string, string, string];
  options: string;
  /** Labels of the option lists, and the options. */
  labels: Record<'source' | 'delivery' | 'refine' | 'existingMask' | 'backdrop', string>;
  sources: Record<SourceKey, string>;
  deliveries: Record<DeliveryKey, string>;
  refinements: Record<Refine, string>;
  maskPolicies: Record<MaskPolicyKey, string>;
  /** Asked when a layer already has a mask and no choice was made yet. */
  question: Record<'remember' | 'keep', string>;
  answers: Record<Exclude<MaskPolicyKey, 'ask'>, string>;
  edge: Record<'title' | 'apply' | 'reset' | 'keep' | 'picture' | 'waiting', string>;
  edgeControls: Record<keyof EdgeControls, string>;
  /** Slider values: lengths, areas as the side of a square, and percentages. */
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
    | 'cancelled'
    | 'notStarted',
    Sentence
  >;
  /** Outcome of a run, by output; for one layer and for several. */
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
  /** Color modes by Photoshop's constant, named as in its menu. */
  modes: Record<string, string>;
  batch: BatchStrings;
  /** The check of this Photoshop; `probes` say what differs where the answer is not the expected one. */
  check: Record<'start' | 'stop' | 'running' | 'summary' | 'save' | 'saved', string> & {
    ends: Record<'failed' | 'crashed', string>;
    probes: Record<ProbeKey, string>;
  };
  /** Names of recorded steps in the Actions panel. */
  steps: { maskSubject: string; maskAll: string };
  errors: Record<PanelErrorKey, Sentence>;
  host: HostWords;
  /** Translations of the server errors that the panel can meet; any other shows the server's English text. */
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
  chooseFolder: string;
  beside: string;
  folder: string;
  running: string;
  stopped: string;
  ended: string;
  /** One line per document; `saved` and similar texts are appended to it. */
  jobs: Record<'waiting' | 'saveWaiting' | 'saving' | 'done' | 'saved' | 'skipped' | 'failed' | 'notSaved', string>;
}

/** A statement, and the next step (empty if there is none). */
export type Sentence = readonly [message: string, hint: string];
