import type { Command } from 'commander';
import { addClient, readClients, removeClient } from '../../access/clients.ts';
import { type Config, loadUserConfig } from '../../config/config.ts';
import { EXIT, type Terminal } from '../terminal.ts';

/** Adds `hairline pair` and `hairline unpair`. */
export function registerPair(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('pair [name]')
    .description('pair a program on another computer and print its token once; without a name, list the paired clients')
    .action(async (name: string | undefined) => {
      const config = loadUserConfig();
      if (name === undefined) listClients(config, terminal);
      else await pair(config, name, terminal);
    });
  program
    .command('unpair <name>')
    .description('revoke a client, also on a running server')
    .action(async (name: string) => exit(await unpair(loadUserConfig(), name, terminal)));
}

/** @throws {ClientsError} */
export async function pair({ configDir }: Config, name: string, terminal: Terminal): Promise<void> {
  terminal.result(await addClient(configDir, name));
  terminal.flush();
  terminal.say(
    `"${name}" is paired. Its token is shown only this once: send it as "Authorization: Bearer <token>". The connection is plain HTTP; use it only in a network you trust, or through SSH or TLS.`,
  );
}

/** @throws {ClientsError} */
export function listClients({ configDir }: Config, terminal: Terminal): void {
  const clients = readClients(configDir);
  for (const { name, since } of clients) terminal.result(`${since.slice(0, 10)}  ${name}`);
  terminal.flush();
  if (clients.length === 0) terminal.say('No clients are paired: only programs on this computer can use the server.');
}

/** @throws {ClientsError} */
export async function unpair({ configDir }: Config, name: string, terminal: Terminal): Promise<number> {
  const was = await removeClient(configDir, name);
  terminal.say(was ? `"${name}" is unpaired.` : `"${name}" was not paired.`);
  return was ? EXIT.ok : EXIT.failed;
}
