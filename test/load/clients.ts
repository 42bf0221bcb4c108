import { ERRORS } from '../../protocol/errors.ts';
import type { Reply, Sample } from './requests.ts';

export interface Outcome {
  right: number;
  /** Refusals by their documented code. */
  refused: Record<string, number>;
  /** Answers that are not what they should be, or errors that are not in the table. */
  wrong: string[];
  /** Connections that ended without a whole answer. */
  lost: string[];
  /** Requests without any end. */
  stuck: string[];
  /** Milliseconds of each right answer, sorted. */
  times: number[];
}

export interface LoadOptions {
  clients: number;
  requests: number;
  /** Milliseconds after which a request counts as stuck. */
  patience?: number;
  /** Called after each answer with how many there are. */
  onAnswer?: (count: number) => void | Promise<void>;
}

/** So many clients at a time, each asking for the next sample as soon as it has its answer. */
export async function runClients(
  url: string,
  next: () => Promise<Sample>,
  { clients, requests, patience = 120_000, onAnswer }: LoadOptions,
): Promise<Outcome> {
  const outcome: Outcome = { right: 0, refused: {}, wrong: [], lost: [], stuck: [], times: [] };
  let [asked, answered] = [0, 0];
  const client = async () => {
    while (asked < requests) {
      asked++;
      await askOnce(url, await next(), patience, outcome);
      await onAnswer?.(++answered);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  outcome.times.sort((a, b) => a - b);
  return outcome;
}

async function askOnce(url: string, sample: Sample, patience: number, outcome: Outcome): Promise<void> {
  const began = performance.now();
  let reply: Reply;
  try {
    reply = await send(url, sample, patience);
  } catch (error) {
    const stuck = (error as Error).name === 'TimeoutError';
    outcome[stuck ? 'stuck' : 'lost'].push(`${sample.name}: ${(error as Error).cause ?? error}`);
    return;
  }
  if (reply.status >= 400) {
    const code = refusalOf(reply);
    if (code) outcome.refused[code] = (outcome.refused[code] ?? 0) + 1;
    else outcome.wrong.push(`${sample.name}: status ${reply.status}, ${reply.body.toString().slice(0, 200)}`);
    return;
  }
  const fault = await sample.check(reply);
  if (fault !== null) outcome.wrong.push(`${sample.name}: ${fault}`);
  else {
    outcome.right++;
    outcome.times.push(performance.now() - began);
  }
}

async function send(url: string, { path, method, headers, body }: Sample, patience: number): Promise<Reply> {
  const response = await fetch(url + path, {
    method,
    headers,
    body: body as BodyInit,
    signal: AbortSignal.timeout(patience),
  });
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
}

/** The code of an error that is in the table, with the status it has there. A 500 is never one. */
function refusalOf({ status, body }: Reply): string | null {
  try {
    const { code } = (JSON.parse(body.toString()) as { error: { code: keyof typeof ERRORS } }).error;
    return status !== 500 && ERRORS[code][0] === status ? code : null;
  } catch {
    return null;
  }
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
