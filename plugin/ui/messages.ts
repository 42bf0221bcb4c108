import { fill } from '../../words/fill.ts';
import type { Sentence, Strings } from '../../words/panel/strings.ts';
import type { Result } from '../commands/result.ts';
import { PluginError, type PluginErrorCode, ServerError, textOf } from '../errors.ts';
import type { PanelState, ServerState, View } from '../session/state.ts';

/** What a state says: a sentence, a next step, and secondary text for a bug report. */
export interface Message {
  message: string;
  hint: string;
  detail: string;
}

/** Failures after which the server is started, not mended. */
const STARTABLE: readonly PluginErrorCode[] = ['NOT_RUNNING', 'LAUNCH_FAILED', 'LAUNCH_TIMED_OUT'];

const WAITS = { answer: 'waiting', queue: 'queued', model: 'downloading' } as const;

/** An idle panel states what prevents a run before the first click. */
export function describeView({ panel, server }: Pick<View, 'panel' | 'server'>, strings: Strings): Message {
  if (panel.name === 'idle' && server.name === 'offline') {
    const message = describeError(server.error, strings);
    // What to do is below it then: a button, and a line to type.
    return canBeStarted(server) ? { ...message, hint: '' } : message;
  }
  const said = describePanel(panel, strings);
  const place = placeOf(panel, server);
  const inQueue = place === null ? '' : fill(strings.setup.place, { place: String(place) });
  const first = [describePart(panel, strings), inQueue].filter((text) => text !== '');
  const message = place === null ? said.message : strings.status.queued[0];
  return { ...said, message, hint: [...first, said.hint].join(' ').trim() };
}

/** Nothing answers, which the user can change from here. */
export function canBeStarted(server: ServerState): boolean {
  return server.name === 'offline' && server.error instanceof PluginError && STARTABLE.includes(server.error.code);
}

export function describePanel(state: PanelState, strings: Strings): Message {
  const { status } = strings;
  switch (state.name) {
    case 'uploading':
      return say(status.uploading, { percent: String(Math.round(state.fraction * 100)) });
    case 'waiting':
      return say(status[WAITS[state.for]]);
    case 'writing':
      return say(state.busy ? status.busy : status.writing);
    case 'asking':
      return say(status.asking, { layer: state.layer });
    case 'done':
      return describeResult(state.result, strings);
    case 'failed':
      return describeError(state.error, strings);
    default:
      return say(status[state.name]);
  }
}

function describeResult({ layers }: Result, { done, several }: Strings): Message {
  const made = layers.flatMap(({ layerName, outcome }) => (outcome === 'no-subject' ? [] : [{ layerName, outcome }]));
  const [first] = made;
  // A run in which nothing was found fails.
  const outcome = first?.outcome ?? 'mask';
  const said = say(done[outcome], { layer: first?.layerName ?? '' });
  const empty = layers.filter((layer) => layer.outcome === 'no-subject').map(({ layerName }) => `"${layerName}"`);
  const nothing = empty.length === 0 ? '' : `${fill(several.nothing, { layers: empty.join(', ') })} `;
  const message = made.length < 2 ? said.message : fill(several.done[outcome], { count: String(made.length) });
  return { ...said, message, hint: nothing + said.hint };
}

/** Which of several layers a run is at. */
function describePart(state: PanelState, { several }: Strings): string {
  if (!('part' in state) || state.part === undefined) return '';
  const { index, of } = state.part;
  return fill(several.part, { index: String(index), of: String(of) });
}

/** Our place among the pictures that wait for the server; null where ours does not, or nothing is known of it. */
function placeOf(state: PanelState, server: ServerState): number | null {
  if (state.name !== 'waiting' || state.for !== 'answer' || server.name !== 'online') return null;
  return server.server.ready?.place ?? null;
}

export function describeError(error: unknown, strings: Strings): Message {
  if (error instanceof ServerError) {
    const known: Partial<Record<string, Sentence>> = strings.serverErrors;
    return say(known[error.code] ?? [error.message, error.hint]);
  }
  if (error instanceof PluginError) {
    const { mode } = error.values;
    const values = mode === undefined ? error.values : { ...error.values, mode: strings.modes[mode] ?? mode };
    return { ...say(strings.errors[error.code], values), detail: error.detail };
  }
  return { ...say(strings.errors.UNEXPECTED), detail: textOf(error) };
}

/** The sentence and the next step. */
export function describeInLine(error: unknown, strings: Strings): string {
  const { message, hint } = describeError(error, strings);
  return `${message} ${hint}`;
}

/** One line: which model runs on what, or why none does. Never claims more than the server said. */
export function describeServer(state: ServerState, strings: Strings): string {
  if (state.name === 'unknown' || state.name === 'starting') return strings.server[state.name];
  if (state.name === 'offline') {
    const { error } = state;
    const wrong = error instanceof PluginError && (error.code === 'SERVER_OLDER' || error.code === 'SERVER_NEWER');
    return wrong ? fill(strings.server.wrong, error.values) : strings.server.offline;
  }
  const { ready } = state.server;
  if (ready === null) return strings.server.unknown;
  const { model, provider, label, reason } = ready;
  const text =
    ready.state === 'ready' && provider !== null
      ? fill(strings.server.ready, { model, provider: label ?? describeProvider(provider, strings) })
      : fill(strings.server[ready.state === 'ready' ? 'installed' : ready.state], { model });
  return reason ? `${text}. ${reason}` : text;
}

/** Details of the server for bug reports; empty when it is offline. */
export function describeServerDetails(state: ServerState, { setup }: Strings): string {
  if (state.name !== 'online') return '';
  const { origin, health, ready } = state.server;
  const where = fill(setup.where, { version: health.version, origin });
  const count = ready?.queued ?? 0;
  return count > 0 ? `${where}. ${fill(setup.waiting, { count: String(count) })}` : where;
}

export function describeProvider(provider: string, strings: Strings): string {
  return strings.providers[provider] ?? provider;
}

function say([message, hint]: Sentence, values: Readonly<Record<string, string>> = {}): Message {
  return { message: fill(message, values), hint: fill(hint, values), detail: '' };
}
