import type { ExecuteAsModalOptions, ExecutionContext } from 'photoshop/dom/CoreModules.js';
import { type Cancellation, Cancelled } from '../cancellation.ts';
import { PluginError, textOf } from '../errors.ts';
import { type HostProfile, UNCHECKED } from '../host-profile.ts';
import { core } from './uxp.ts';

export interface ModalOptions {
  /** Shown by Photoshop's progress bar after about two seconds. */
  commandName: string;
  /** How often a busy Photoshop is asked again before we give up. */
  attempts: number;
  onBusy?: () => void;
  /** What is known of this Photoshop. */
  profile?: HostProfile;
}

/** A running modal scope. Photoshop's execution context is kept whole: copying it loses its hidden members. */
export interface ModalScope {
  context: ExecutionContext;
  /** The scope's `commandName`: for history states where the history is not ours to suspend. */
  name: string;
  profile: HostProfile;
  /** Throws Cancelled if the user cancelled, in the panel or in Photoshop's progress bar. Call it between steps. */
  check(): void;
  /** Moves Photoshop's progress bar, 0..1, once it is up; earlier a report would make it flash. */
  report(value: number): void;
}

/** Seconds that Photoshop itself waits for another command to finish; hosts before 25.10 answer at once. */
const HOST_PATIENCE = 2;
const PAUSE = 300;

/** When Photoshop shows its progress bar by itself, in milliseconds. */
const BAR_APPEARS = 2000;

/**
 * Runs `body` while Photoshop belongs to us alone. A throw in `body` comes out unchanged, and Photoshop undoes what was
 * done. Tried again only when Photoshop was busy and `body` never began.
 */
export async function runModal<T>(
  options: ModalOptions,
  cancel: Cancellation,
  body: (scope: ModalScope) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    cancel.throwIfCancelled();
    // Remembered here, because Photoshop may hand back a different object than the one thrown inside.
    const inside: { started: boolean; thrown?: unknown } = { started: false };
    const modalOptions: ExecuteAsModalOptions & { timeOut: number } = {
      commandName: options.commandName,
      timeOut: HOST_PATIENCE,
    };
    try {
      return await core.executeAsModal(async (context) => {
        inside.started = true;
        try {
          return await body(enterScope(context, options, cancel));
        } catch (thrown) {
          inside.thrown = thrown;
          throw thrown;
        }
      }, modalOptions);
    } catch (thrown) {
      // After a cancel Photoshop makes every call fail with words of its own; they mean nothing else.
      if (cancel.cancelled) throw new Cancelled();
      if (inside.started) throw inside.thrown ?? thrown;
      if (!isBusy(thrown)) throw thrown;
      if (attempt >= options.attempts) throw new PluginError('PHOTOSHOP_BUSY', {}, textOf(thrown));
      options.onBusy?.();
      await cancel.sleep(PAUSE);
    }
  }
}

function enterScope(context: ExecutionContext, options: ModalOptions, cancel: Cancellation): ModalScope {
  const start = Date.now();
  const scope: ModalScope = {
    context,
    name: options.commandName,
    profile: options.profile ?? UNCHECKED,
    report(value) {
      if (Date.now() - start > BAR_APPEARS) context.reportProgress({ value });
    },
    check() {
      if (context.isCancelled) cancel.cancel();
      cancel.throwIfCancelled();
    },
  };
  scope.check();
  context.onCancel = () => cancel.cancel();
  return scope;
}

/** Another command, a dialog, a crop or a transform has Photoshop. */
export function isBusy(thrown: unknown): boolean {
  if (typeof thrown === 'object' && thrown !== null && 'number' in thrown && thrown.number === 9) return true;
  return /modal (state|command)/i.test(textOf(thrown));
}
