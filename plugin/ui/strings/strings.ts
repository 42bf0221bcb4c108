import type { ErrorCode } from '../../../protocol/errors.ts';
import type { Subject } from '../../../protocol/matte.ts';
import type { PluginErrorCode } from '../../errors.ts';
import type { HostWords } from '../../words.ts';

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
    | 'done'
    | 'cancelled',
    Sentence
  >;
  server: Record<
    'unknown' | 'offline' | 'ready' | 'downloading' | 'loading' | 'installed' | 'missing' | 'failed' | 'wrong',
    string
  >;
  /** Execution providers by their id. */
  providers: Record<string, string>;
  /** Colour modes by Photoshop's constant, named as in its menu. */
  modes: Record<string, string>;
  errors: Record<PluginErrorCode, Sentence>;
  host: HostWords;
  /** What the server's failures are called; where one is missing, the server's own English words stand. */
  serverErrors: Partial<Record<ErrorCode, Sentence>>;
}

/** What is the case, and the one thing to do about it (empty if there is nothing to do). */
export type Sentence = readonly [message: string, hint: string];
