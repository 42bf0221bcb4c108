import type { Command } from 'commander';
import { type Config, type Flags, loadUserConfig } from '../../config/config.ts';
import type { Link } from '../../queue/link.ts';
import type { WorkerInfo } from '../../queue/roll.ts';
import type { QueueSurvey } from '../../queue/survey.ts';
import { EXIT, type Terminal, UsageError } from '../terminal.ts';

/** Milliseconds that the queue may take to answer. */
const ANSWER_WITHIN = 10_000;

/** Adds `hairline cluster`. */
export function registerCluster(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const cluster = program.command('cluster').description('the computers of a studio that share a queue');
  const add = (name: string, about: string) =>
    cluster
      .command(name)
      .description(about)
      .option('--queue <url>', 'address of the queue, redis:// or rediss:// for TLS')
      .option('--queue-secret-file <file>', 'file with the secret of the studio')
      .option('--queue-password-file <file>', 'file with the password of the queue');
  cluster
    .command('secret')
    .description('make the secret that all servers and workers of a studio share, in a new file')
    .option('--queue-secret-file <file>', 'where to (default: cluster-secret in the settings folder)')
    .action(async (flags: Flags) => exit(await makeSecret(loadUserConfig(flags), terminal)));
  add('status', 'show who works, what waits and for whom')
    .option('--json', 'print one JSON object instead')
    .action(async ({ json = false, ...flags }: Flags & { json?: boolean }) => {
      exit(await withLink(loadUserConfig(flags), (link) => showCluster(link, terminal, json)));
    });
  add('drain', 'let workers finish what they have and end; where something starts them again, this restarts them')
    .argument('<worker>', 'id of a worker, name of its computer, or "all"')
    .action(async (name: string, flags: Flags) => {
      exit(await withLink(loadUserConfig(flags), (link) => drain(link, name, terminal)));
    });
}

async function makeSecret(config: Config, terminal: Terminal): Promise<number> {
  const { secretFileOf, writeSecret } = await import('../../queue/secrets.ts');
  const file = secretFileOf(config);
  try {
    await writeSecret(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code === 'EEXIST' ? `${file} is there already. Move it away first.` : `Cannot write ${file} (${code}).`,
    );
  }
  terminal.result(file);
  terminal.flush();
  terminal.say('Copy this file to every server and worker of the studio, and to no other computer.');
  return EXIT.ok;
}

/** @throws {UsageError} without a queue, or when it cannot be reached */
async function withLink(config: Config, work: (link: Link) => Promise<number>): Promise<number> {
  if (config.queue === '') throw new UsageError('Name the queue of the studio with --queue or HAIRLINE_QUEUE.');
  const { Link } = await import('../../queue/link.ts');
  const link = new Link(config);
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const stop = () => reject(new UsageError(`The queue does not answer (${link.fault ?? 'no answer'}).`));
    late = setTimeout(stop, ANSWER_WITHIN);
  });
  try {
    return await Promise.race([work(link), tooLate]);
  } finally {
    clearTimeout(late);
    link.close();
  }
}

async function showCluster(link: Link, terminal: Terminal, json: boolean): Promise<number> {
  const { surveyCluster } = await import('../../queue/survey.ts');
  const survey = await surveyCluster(link);
  if (json) terminal.result(JSON.stringify(survey));
  else {
    for (const line of describeWorkers(survey.workers)) terminal.result(line);
    for (const queue of survey.queues) for (const line of describeQueue(queue)) terminal.result(line);
  }
  terminal.flush();
  return survey.workers.some(({ draining }) => !draining) ? EXIT.ok : EXIT.failed;
}

async function drain(link: Link, name: string, terminal: Terminal): Promise<number> {
  const { Roll } = await import('../../queue/roll.ts');
  const roll = new Roll(link);
  const found = (await roll.list()).filter(({ id, host }) => name === 'all' || id === name || host === name);
  for (const { id } of found) await roll.askToLeave(id);
  for (const { id, host } of found) terminal.say(`${id} on ${host} finishes its pictures and ends.`);
  if (found.length === 0) terminal.complain(`No worker is called ${name}; "hairline cluster status" lists them.`);
  return found.length > 0 ? EXIT.ok : EXIT.failed;
}

function describeWorkers(workers: readonly WorkerInfo[]): string[] {
  if (workers.length === 0) return ['No worker is running.'];
  const rows = workers.map((worker) => [
    worker.id,
    worker.host,
    worker.version,
    worker.label,
    `${worker.running} of ${worker.concurrency} in progress`,
    `${worker.done} done, ${worker.failed} failed`,
    worker.seconds === null ? '' : `${worker.seconds.toFixed(1)} s each`,
    worker.draining ? 'draining' : worker.models.join(' '),
  ]);
  const head = ['worker', 'computer', 'version', 'runs on', 'now', 'so far', 'time', 'models'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function describeQueue({ name, waiting, active, oldest, clients }: QueueSurvey): string[] {
  const since = oldest === null ? '' : `, the oldest for ${oldest.toFixed(0)} s`;
  const total = clients.reduce((sum, { pictures }) => sum + pictures, 0);
  return [
    '',
    `Queue ${name}: ${waiting} waiting${since}; ${active} in progress`,
    ...clients.map(({ client, pictures }) => `  ${((100 * pictures) / total).toFixed(0)} %  ${pictures}  ${client}`),
  ];
}
