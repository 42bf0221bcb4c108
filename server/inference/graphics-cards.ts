import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** A card as its driver calls it. `driver` is empty where it comes with the system. */
export interface GraphicsCard {
  name: string;
  driver: string;
}

const TIMEOUT_MS = 2_000;

/** The registry's class of display adapters. `reg` answers in milliseconds, PowerShell takes a second to start. */
const WINDOWS_ADAPTERS = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}';

/** The graphics cards of this computer with their drivers. Never fails: what cannot be found out is left out. */
export async function listGraphicsCards(platform: string = process.platform): Promise<GraphicsCard[]> {
  try {
    if (platform === 'win32') return await onWindows();
    // On Apple silicon the processor is the graphics card, and its driver is part of macOS.
    if (platform === 'darwin') return [{ name: os.cpus()[0]?.model ?? 'unknown', driver: '' }];
    return await onLinux();
  } catch {
    return [];
  }
}

async function onWindows(): Promise<GraphicsCard[]> {
  const [names, drivers] = await Promise.all(['DriverDesc', 'DriverVersion'].map(queryRegistry));
  return parseAdapters(names!, drivers!);
}

/** Joins two answers of `reg query … /s /v NAME`: a line with the key, then an indented line with the value. */
export function parseAdapters(names: string, drivers: string): GraphicsCard[] {
  const versions = new Map(parseValues(drivers));
  return parseValues(names).map(([key, name]) => ({ name, driver: versions.get(key) ?? '' }));
}

function parseValues(answer: string): [key: string, value: string][] {
  const found: [string, string][] = [];
  let key = '';
  for (const line of answer.split(/\r?\n/)) {
    if (/^HKEY_/.test(line)) key = line.trim();
    const value = /^\s+\S+\s+REG_SZ\s+(.*\S)/.exec(line)?.[1];
    // Only the adapters themselves, not the settings below them.
    if (value && /\\\d{4}$/.test(key)) found.push([key, value]);
  }
  return found;
}

/** Uses the output even after a failure: one key of the class may be unreadable. */
function queryRegistry(value: string): Promise<string> {
  return new Promise((resolve) => {
    const args = ['query', WINDOWS_ADAPTERS, '/s', '/v', value];
    execFile('reg.exe', args, { timeout: TIMEOUT_MS, windowsHide: true }, (_error, stdout) => resolve(String(stdout)));
  });
}

async function onLinux(): Promise<GraphicsCard[]> {
  const nvidia = await nvidiaCards();
  return nvidia.length > 0 ? nvidia : otherCards();
}

async function nvidiaCards(root = '/proc/driver/nvidia'): Promise<GraphicsCard[]> {
  const version = await readFile(path.join(root, 'version'), 'utf8').catch(() => '');
  const driver = /\b\d+\.\d+(\.\d+)?\b/.exec(version)?.[0] ?? '';
  const folders = await readdir(path.join(root, 'gpus')).catch(() => []);
  const texts = await Promise.all(
    folders.map((folder) => readFile(path.join(root, 'gpus', folder, 'information'), 'utf8').catch(() => '')),
  );
  return texts.map((text) => ({ name: /^Model:\s*(.*\S)/m.exec(text)?.[1] ?? 'NVIDIA', driver }));
}

/** Vendor and device numbers: the names are in a list that not every system has. */
async function otherCards(root = '/sys/class/drm'): Promise<GraphicsCard[]> {
  const cards = (await readdir(root).catch(() => [])).filter((name) => /^card\d+$/.test(name));
  const read = (card: string, file: string) =>
    readFile(path.join(root, card, 'device', file), 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
  return Promise.all(
    cards.map(async (card) => ({
      name: `graphics card ${await read(card, 'vendor')}:${await read(card, 'device')}`.replaceAll('0x', ''),
      driver: /^DRIVER=(.*)$/m.exec(await read(card, 'uevent'))?.[1] ?? '',
    })),
  );
}
