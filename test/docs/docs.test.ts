import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../protocol/errors.ts';
import { run } from '../../server/cli/main.ts';
import { SETTINGS, type Setting } from '../../server/config/settings.ts';
import { packageRoot, VERSION } from '../../server/system/package-root.ts';
import { recordTerminal } from '../server/cli/recorder.ts';
import { listenWith, OPAQUE } from '../server/server-fixture.ts';

const read = (file: string) => readFileSync(path.join(packageRoot, file), 'utf8');
const list = (pattern: string) => globSync(pattern, { cwd: packageRoot, expandDirectories: false }).sort();
const pages = [...list('*.md'), ...list('docs/**/*.md'), ...list('{test,models}/**/README.md')];
const all = pages.map((page) => read(page)).join('\n');
const found = (text: string, pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map((match) => match[1]!))];

/** As GitHub makes them out of headings. */
const anchorsOf = (page: string) =>
  found(read(page).replaceAll(/```[\s\S]*?```/g, ''), /^#+ (.*)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe.each(pages)('%s', (page) => {
  const links = found(read(page), /(?:\]\(|src=")([^)"\s]+)[)"]/g).filter((link) => !/^https?:/.test(link));

  it('links to what is there', () => {
    const broken = links.filter((link) => {
      const [file, anchor] = link.split('#');
      const target = file ? path.posix.join(path.posix.dirname(page), file) : page;
      if (!existsSync(path.join(packageRoot, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

it('every page and picture can be reached', () => {
  const shown = new Set(
    pages.flatMap((page) =>
      found(read(page), /(?:\]\(|src="|`)([^)"`\s#]+)/g).map((link) => path.posix.join(path.posix.dirname(page), link)),
    ),
  );
  expect([...list('docs/*.md'), ...list('docs/pictures/*.*')].filter((file) => !shown.has(file))).toEqual([]);
});

it('the README names the file that is built', () => {
  expect(read('README.md')).toContain(`dist/hairline-${VERSION}.ccx`);
});

describe('npm run', () => {
  const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
  it('names scripts that exist, and every script is told of', () => {
    const named = found(all, /npm run ([a-z:-]+)/g);
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
    const elsewhere = [...found(all, /npm (start|test)/g), ...found(read('CONTRIBUTING.md'), /`(bench:[a-z]+)`/g)];
    expect(scripts.filter((name) => ![...named, ...elsewhere].includes(name))).toEqual([]);
  });
});

describe('the command line', () => {
  const help = async (...command: string[]) => {
    const recorder = recordTerminal();
    await run([...command, '--help'], recorder.terminal);
    return recorder.out;
  };
  const commandsOf = (text: string) => found(text.split('Commands:')[1] ?? '', /^ {2}([a-z]+)/gm);
  const optionsOf = (text: string) => found(text, /^ +(?:-\w, )?(--[a-z-]+)/gm).filter((option) => option !== '--help');

  it('has every command that the pages name, and the pages name every command and option', async () => {
    const commands = commandsOf(await help()).filter((name) => name !== 'help');
    expect(commands.length).toBeGreaterThan(10);
    const named = found(all, /(?:npx hairline|`hairline) ([a-z]+)/g);
    expect(named.filter((name) => !commands.includes(name))).toEqual([]);
    const manual = read('docs/command-line.md');
    const settings = read('docs/settings.md');
    for (const command of commands) {
      expect(manual).toMatch(new RegExp(`^## .*hairline ${command}\\b`, 'm'));
      const section = manual.split(/^## /m).find((text) => new RegExp(`^.*hairline ${command}\\b`).test(text))!;
      const where = command === 'serve' ? section + settings : section;
      const usage = await help(command);
      const nested = commandsOf(usage).filter((name) => name !== 'help' && name !== 'list');
      const parts = [usage, ...(await Promise.all(nested.map((name) => help(command, name))))];
      const options = [...new Set(parts.flatMap(optionsOf))].filter((option) => option !== '--version');
      expect(
        [...nested, ...options].filter((word) => !where.includes(word)),
        command,
      ).toEqual([]);
    }
  });
});

describe('settings', () => {
  const lines = read('docs/settings.md').split('\n');
  it.each(Object.entries(SETTINGS) as [string, Setting<unknown>][])('%s', (key, { env, flag, name = key, ...row }) => {
    const line = lines.find((text) => text.includes(`\`${env}\``)) ?? '';
    const cells = line.split(' | ').map((cell) => cell.replaceAll(/^\| ?| ?\|$/g, ''));
    expect(cells[0]).toBe(row.notInFile ? '' : `\`${name}\``);
    if (flag) expect(cells[1]).toContain(`\`${flag}\``);
    const { fallback } = row;
    if (typeof fallback === 'number') expect(cells[3]).toBe(sizeOf(fallback));
    else if (typeof fallback === 'boolean' || key === 'device' || key === 'model')
      expect(cells[3]).toBe(`\`${fallback}\``);
  });

  const sizeOf = (number: number) =>
    number >= 2 ** 30
      ? `${number / 2 ** 30} GiB`
      : number >= 2 ** 20 && number % 2 ** 20 === 0
        ? `${number / 2 ** 20} MiB`
        : String(number);

  it('the pages name only environment variables that the code reads', () => {
    const sources = list('{server,scripts,test,plugin}/**/*.{ts,mjs}').map((file) => read(file));
    const named = found(all, /(HAIRLINE_[A-Z_]+)/g);
    expect(named.filter((variable) => !sources.some((source) => source.includes(variable)))).toEqual([]);
  });
});

it('docs/errors.md has the table of errors', () => {
  const rows = read('docs/errors.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows).toEqual(
    Object.entries(ERRORS).map(
      ([code, [status, sentence, hint]]) => `| \`${code}\` | ${status} | ${sentence} | ${hint} |`,
    ),
  );
  const known = Object.keys(ERRORS);
  const named = found(read('docs/api.md') + read('docs/other-computers.md'), /\d{3} `([A-Z_]+)`/g);
  expect(named.filter((code) => !known.includes(code))).toEqual([]);
});

it('docs/api.md has every route', async () => {
  const stage = await listenWith(async () => OPAQUE(), {}, { token: 't'.repeat(43), begin: () => undefined });
  const answer = await fetch(`http://127.0.0.1:${stage.port}/docs/json`);
  const { paths } = (await answer.json()) as { paths: Record<string, object> };
  await stage.close();
  const routes = Object.entries(paths).flatMap(([address, methods]) =>
    Object.keys(methods).map((method) => `\`${method.toUpperCase()} ${address.replaceAll(/\{(\w+)\}/g, ':$1')}\``),
  );
  const page = read('docs/api.md');
  expect(routes.length).toBeGreaterThan(10);
  expect(routes.filter((route) => !page.includes(route))).toEqual([]);
});
