import { execFile } from 'node:child_process';

/** `outdated`: it starts something other than this installation with these settings. */
export type StarterState = 'on' | 'off' | 'outdated';

/** The system's way to start a program at logon. No method needs an administrator. */
export interface Starter {
  /** For people. */
  readonly name: string;
  /** Registers the command, replacing an earlier one, and starts it now. @throws {AutostartError} */
  on(command: readonly string[]): Promise<void>;
  /**
   * Removes everything.
   * @param keepRunning leaves a server alone that it has started
   * @returns whether anything was registered
   */
  off(keepRunning?: boolean): Promise<boolean>;
  state(command: readonly string[]): Promise<StarterState>;
}

/** The system refused or lacks a requirement; the message is a sentence for people. */
export class AutostartError extends Error {}

/** The user whose autostart it is. */
export interface Place {
  platform: NodeJS.Platform;
  home: string;
  uid: number;
  user: string;
  configDir: string;
  env: NodeJS.ProcessEnv;
}

export interface RunResult {
  /** null when the program could not be started. */
  code: number | null;
  output: string;
}

/** Runs a system program to completion; a failure is a result, not an exception. */
export type Run = (program: string, args: readonly string[]) => Promise<RunResult>;

export const runProgram: Run = (program, args) =>
  new Promise((resolve) => {
    execFile(program, [...args], { timeout: 60_000, windowsHide: true }, (error, stdout, stderr) => {
      const output = `${stderr}${stdout}`.trim();
      if (!error) return resolve({ code: 0, output });
      const code = typeof error.code === 'number' ? error.code : null;
      resolve({ code, output: output || error.message });
    });
  });

export function firstLine(output: string): string {
  return output.split(/\r?\n/, 1)[0] || 'no reason given';
}
