// Checks every import against the table in import-directions.mjs, and that no imports form a circle, types included.
// `node scripts/check-imports.mjs [folder]`: the folder of the project, by default the current one.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { MAY_IMPORT, NEVER_LOADS, ONLY_IN, PACKAGES, STARTS_WITHOUT } from './import-directions.mjs';

const root = process.argv[2] ?? '.';
const files = globSync(['*/**/*.{ts,mts,mjs}'], { cwd: root, ignore: ['**/node_modules/**', 'dist/**'] }).sort();
const imports = new Map(files.map((file) => [file, readImports(file)]));
const faults = [
  ...files.flatMap(checkFile),
  ...NEVER_LOADS.flatMap((rule) => checkLoaded(rule)),
  ...STARTS_WITHOUT.flatMap((rule) => checkLoaded(rule, ({ isLater }) => !isLater)),
  ...findCircles(),
];
for (const fault of faults) console.error(fault);
if (faults.length > 0) {
  console.error(`\n${faults.length} wrong imports. scripts/import-directions.mjs says which folder may import which.`);
  process.exitCode = 1;
}

/** What a file imports: files of the project by path, packages by name. `isType`: gone after compilation; `isLater`: on demand. */
function readImports(file) {
  const comments = /^\s*(?:\/\*|\*|\/\/).*$/gm;
  const text = readFileSync(path.join(root, file), 'utf8').replace(comments, '');
  const statements = text.matchAll(
    /^(?:import|export)\b( type\b)?(?:[^;'"`]*?\bfrom)? '([^']+)'|\b(?:import|require)\('([^']+)'\)(\.[A-Z])?/gm,
  );
  return [...statements].map(([, type, name = '', called, typeOf]) => {
    const target = name || called;
    const isFile = target.startsWith('.');
    return {
      target: isFile ? path.posix.join(path.posix.dirname(file), target) : target,
      isFile,
      isType: Boolean(type || typeOf),
      isLater: Boolean(called),
    };
  });
}

function checkFile(file) {
  const row = rowOf(file);
  if (row === undefined) return [`${file} belongs to no row of the table.`];
  return imports.get(file).flatMap(({ target, isFile, isType }) => {
    if (!isFile) {
      const limit = Object.keys(PACKAGES).find((folder) => lies(file, folder));
      if (limit && !PACKAGES[limit].split(' ').includes(target.split('/')[0]))
        return [`${file} imports ${target}, but ${limit} may import packages: ${PACKAGES[limit] || 'none'}.`];
      const owner = Object.keys(ONLY_IN).find((name) => isPackage(target, name));
      const isAllowed = !owner || row === 'test' || ONLY_IN[owner].split(' ').some((folder) => lies(file, folder));
      return isAllowed ? [] : [`${file} imports ${target}, which only ${ONLY_IN[owner]} may import.`];
    }
    const isAllowed = rowOf(target) === row || allowedBy(row, isType).some((entry) => covers(entry, target));
    return isAllowed ? [] : [`${file} imports ${target}, but ${row} may import: ${MAY_IMPORT[row] || 'nothing'}.`];
  });
}

function rowOf(file) {
  const rows = Object.keys(MAY_IMPORT).filter((row) => lies(file, row));
  return rows.sort((a, b) => b.length - a.length)[0];
}

function allowedBy(row, isType) {
  const entries = MAY_IMPORT[row].split(' ').filter((entry) => isType || !entry.startsWith('type:'));
  return entries.map((entry) => entry.replace('type:', '').replace(/^\./, path.posix.dirname(row)));
}

/** Whether an entry of the table means this file: a whole row, or a part of one. */
function covers(entry, file) {
  return entry in MAY_IMPORT ? rowOf(file) === entry : lies(file, entry);
}

function lies(file, folder) {
  const base = folder.replace(/\/?\*$/, '');
  return base === '' || file === base || file.startsWith(`${base}/`);
}

function isPackage(name, pattern) {
  return pattern.endsWith('*')
    ? name.startsWith(pattern.slice(0, -1))
    : name === pattern || name.startsWith(`${pattern}/`);
}

function checkLoaded([folders, forbidden], counts = () => true) {
  const isForbidden = (name) => forbidden.split(' ').some((pattern) => isPackage(name, pattern));
  const starts = files.filter((file) => folders.split(' ').some((folder) => lies(file, folder)));
  return starts.flatMap((start) => {
    const paths = [[start]];
    const seen = new Set([start]);
    for (const chain of paths) {
      for (const found of imports.get(chain.at(-1)) ?? []) {
        const { target, isType } = found;
        if (isType || seen.has(target) || !counts(found)) continue;
        if (isForbidden(target)) return [`${[...chain, target].join(' -> ')}: ${start} must not load ${target}.`];
        seen.add(target);
        paths.push([...chain, target]);
      }
    }
    return [];
  });
}

function findCircles() {
  const circles = [];
  const done = new Set();
  const visit = (file, chain) => {
    const start = chain.indexOf(file);
    if (start >= 0) circles.push(`A circle: ${[...chain.slice(start), file].join(' -> ')}.`);
    if (start >= 0 || done.has(file)) return;
    for (const { target } of imports.get(file) ?? []) visit(target, [...chain, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return circles;
}
