import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../server/system/package-root.ts';

const folder = path.join(packageRoot, '.github', 'workflows');

it.each(readdirSync(folder))('%s uses actions by their commit, and scripts that exist', (name) => {
  const text = readFileSync(path.join(folder, name), 'utf8');
  const actions = [...text.matchAll(/uses: (.*)/g)].map((match) => match[1]!);
  expect(actions.length).toBeGreaterThan(0);
  expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
  const { scripts } = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8'));
  const named = [...text.matchAll(/npm run ([\w:]+)/g)].map((match) => match[1]!);
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
  // Secrets are in the environment of single steps, never of a job with the actions of others.
  const steps = text.split('\n').filter((line) => line.includes('secrets.'));
  expect(steps.filter((line) => !/^ {10}[A-Z_]+: \$\{\{ secrets\.\w+ \}\}$/.test(line))).toEqual([]);
  // Nor is anything that another person may choose, as a branch or a title, put into a script.
  expect(text.match(/run:.*\$\{\{ *(?:github\.(?:event|head_ref|ref_name)|inputs)/g)).toBeNull();
  // A secret is never put into a command line, where logs and other programs see it.
  expect(text.match(/run:.*\$\{\{ *secrets/g)).toBeNull();
});
