import { PluginError, ServerError, textOf } from '../errors.ts';
import type { PanelState, ServerState, View } from './state.ts';
import type { Sentence, Strings } from './strings/strings.ts';

/** What a state says: a sentence, a next step, and secondary text for a bug report. */
export interface Message {
  message: string;
  hint: string;
  detail: string;
}

const WAITS = { answer: 'waiting', queue: 'queued', model: 'downloading' } as const;

/** An idle panel says what stands in the way of the first click, so that nobody has to click to find out. */
export function describeView({ panel, server }: Pick<View, 'panel' | 'server'>, strings: Strings): Message {
  if (panel.name === 'idle' && server.name === 'offline') return describeError(server.error, strings);
  return describePanel(panel, strings);
}

function describePanel(state: PanelState, strings: Strings): Message {
  const { status } = strings;
  switch (state.name) {
    case 'uploading':
      return say(status.uploading, { percent: String(Math.round(state.fraction * 100)) });
    case 'waiting':
      return say(status[WAITS[state.for]]);
    case 'writing':
      return say(state.busy ? status.busy : status.writing);
    case 'done':
      return say(status.done, { layer: state.result.layers[0]?.layerName ?? '' });
    case 'failed':
      return describeError(state.error, strings);
    default:
      return say(status[state.name]);
  }
}

export function describeError(error: unknown, strings: Strings): Message {
  if (error instanceof ServerError) {
    const known: Partial<Record<string, Sentence>> = strings.serverErrors;
    return say(known[error.code] ?? [error.message, error.hint]);
  }
  if (error instanceof PluginError) {
    const { mode } = error.values;
    const values = mode === undefined ? error.values : { mode: strings.modes[mode] ?? mode };
    return { ...say(strings.errors[error.code], values), detail: error.detail };
  }
  return { ...say(strings.errors.UNEXPECTED), detail: textOf(error) };
}

/** One line: which model runs on what, or why none does. Never claims more than the server said. */
export function describeServer(state: ServerState, strings: Strings): string {
  if (state.name === 'unknown') return strings.server.unknown;
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
      ? fill(strings.server.ready, { model, provider: label ?? nameProvider(provider, strings) })
      : fill(strings.server[ready.state === 'ready' ? 'installed' : ready.state], { model });
  return reason ? `${text}. ${reason}` : text;
}

function nameProvider(provider: string, strings: Strings): string {
  return strings.providers[provider] ?? provider;
}

function say([message, hint]: Sentence, values: Readonly<Record<string, string>> = {}): Message {
  return { message: fill(message, values), hint: fill(hint, values), detail: '' };
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder);
}
