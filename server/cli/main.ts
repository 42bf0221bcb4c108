import { Command, CommanderError } from 'commander';
import { ClientsError } from '../access/clients.ts';
import { ConfigError } from '../config/config.ts';
import { AppError } from '../errors.ts';
import { VERSION } from '../system/package-root.ts';
import { registerAutostart } from './autostart/autostart.ts';
import { registerCluster } from './cluster/cluster.ts';
import { registerConfig } from './config.ts';
import { registerDoctor } from './doctor/doctor.ts';
import { registerMatte } from './matte/matte.ts';
import { registerModels } from './models/models.ts';
import { nextStep } from './next-step.ts';
import { registerOpen } from './open.ts';
import { registerLogs } from './serve/logs.ts';
import { registerPair } from './serve/pair.ts';
import { registerServe } from './serve/serve.ts';
import { registerStatus } from './serve/status.ts';
import { registerStop } from './serve/stop.ts';
import { EXIT, Terminal, UsageError } from './terminal.ts';
import { registerUninstall } from './uninstall.ts';
import { registerUpdate } from './update.ts';
import { registerWorker } from './worker/worker.ts';

/**
 * Runs one command line.
 * @param args without `node` and the script
 * @returns the exit code
 */
export async function run(args: readonly string[], terminal = new Terminal()): Promise<number> {
  let exitCode: number = EXIT.ok;
  const exit = (code: number) => {
    exitCode = code;
  };
  const { stdout, stderr } = terminal.streams;
  const program = new Command('hairline')
    .description('One-click portrait masks: the server behind the Photoshop panel, and mattes on the command line.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .showHelpAfterError('(run with --help for usage)');
  registerServe(program, exit);
  registerOpen(program, terminal, exit);
  registerStatus(program, terminal, exit);
  registerStop(program, terminal, exit);
  registerLogs(program, terminal, exit);
  registerAutostart(program, terminal, exit);
  registerMatte(program, terminal, exit);
  registerModels(program, terminal, exit);
  registerDoctor(program, terminal, exit);
  registerConfig(program, terminal);
  registerUpdate(program, terminal, exit);
  registerUninstall(program, terminal, exit);
  registerPair(program, terminal, exit);
  registerWorker(program);
  registerCluster(program, terminal, exit);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(error, terminal);
  }
}

function explain(error: unknown, terminal: Terminal): number {
  // Commander has already printed the error or the requested help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const { name, message } = error as Error;
  if (error instanceof UsageError || error instanceof ConfigError || error instanceof ClientsError) {
    terminal.complain(message);
    return EXIT.usage;
  }
  if (name === 'AbortError' || (error instanceof AppError && error.code === 'CANCELLED')) {
    terminal.complain('Stopped.');
    return EXIT.interrupted;
  }
  if (error instanceof AppError) terminal.complain(`${message} ${nextStep(error)}`);
  else terminal.complain(`Something went wrong: ${message}`);
  return EXIT.failed;
}
