import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { encodeAlphaPng } from '../../server/imaging/codec.ts';
import { stackSheetRows } from '../sheets/quality-sheet.ts';
import { scoreMatte } from './metrics/score.ts';
import { bandShare } from './metrics/trimap.ts';
import { formatComparison } from './quality-compare.ts';
import { checkSameSize, findPairs, type Pair, readTruth } from './quality-folder.ts';
import { formatReport, type Report, type Result, summarise } from './quality-report.ts';
import { drawRow, WorstRows } from './quality-row.ts';
import { askServer, type MatteSource, type MeasuredServer, readMattesFrom } from './quality-source.ts';

export const USAGE = `Usage: npm run bench:quality -- <folder> [options]
  <folder>              holds image/ and alpha/ (and trimap1/ or trimap/, if there are any), paired by file name
  --model <id>          passed to the server, like the next three
  --refine <how>
  --subject <which>
  --enhance <whether>
  --alpha-from <folder> score these mattes instead of asking the server
  --json <file>         write every figure there
  --against <file>      such a file of an earlier run: differences picture by picture, with their interval
  --folds <n>           parts of the pictures for which the mean difference is told alone (4)
  --mattes <folder>     keep the mattes there, 16 bits
  --beside <folder>     such mattes of an earlier run: shown on the sheet beside ours
  --out <folder>        where quality-worst.png goes (bench-results)`;

export class UsageError extends Error {}

export interface QualityTools {
  startServer(model: string | undefined): Promise<MeasuredServer>;
  /** Results. */
  print(line: string): void;
  /** Progress, for people. */
  say(line: string): void;
}

/** The whole benchmark: scores every pair, prints the table, writes the contact sheet. */
export async function runQuality(argv: readonly string[], { startServer, print, say }: QualityTools): Promise<void> {
  const { folder, out, json, against, folds, alphaFrom, mattes, beside, parameters } = readArguments(argv);
  const pairs = await findPairs(folder);
  const earlier = against ? (JSON.parse(await readFile(against, 'utf8')) as Report) : null;
  const kept = { mattes, earlier: beside ? await readMattesFrom(beside) : null };
  if (mattes) await mkdir(mattes, { recursive: true });
  const source = alphaFrom
    ? await readMattesFrom(alphaFrom)
    : askServer(await startServer(parameters.model), parameters);
  try {
    const worst = new WorstRows();
    const results: Result[] = [];
    for (const pair of pairs) {
      const result = await measure(pair, source, worst, kept);
      say(`${results.push(result)}/${pairs.length} ${pair.name} MSE ${result.scores.mse.toFixed(5)}`);
    }
    const drawnTrimaps = pairs[0]!.trimap !== null;
    const report = summarise(
      { folder: path.basename(path.resolve(folder)), source: source.description },
      drawnTrimaps,
      results,
    );
    print(formatReport(report));
    if (earlier) print(`\n${formatComparison(report, earlier, folds)}`);
    await mkdir(out, { recursive: true });
    const sheet = path.join(out, 'quality-worst.png');
    await writeFile(sheet, await stackSheetRows(worst.rows));
    say(`Contact sheet of the worst ${worst.rows.length}: ${sheet}`);
    if (json) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
  } finally {
    await source.close();
  }
}

interface Kept {
  /** Folder to keep mattes in. */
  mattes: string | undefined;
  earlier: MatteSource | null;
}

async function measure(pair: Pair, source: MatteSource, worst: WorstRows, { mattes, earlier }: Kept): Promise<Result> {
  const { matte, cost } = await source.matte(pair);
  if (mattes) await writeFile(path.join(mattes, `${pair.name}.png`), await encodeAlphaPng(matte));
  const { truth, trimap } = await readTruth(pair);
  checkSameSize(matte, truth, `The matte of ${pair.name}`);
  const scores = scoreMatte(matte, truth, trimap);
  const caption =
    `${pair.name}, ${truth.width} x ${truth.height}, MSE ${scores.mse.toFixed(5)}, band MSE ${scores.bandMse.toFixed(4)}:  ` +
    `before, truth, ${earlier ? 'earlier, ' : ''}ours, difference; truth, ours, cut-out at 300 %`;
  await worst.offer(scores.mse, async () => {
    const before = earlier && (await earlier.matte(pair)).matte;
    if (before) checkSameSize(before, truth, `The earlier matte of ${pair.name}`);
    return drawRow(caption, pair.image, { truth, matte, earlier: before });
  });
  return { name: pair.name, width: truth.width, height: truth.height, band: bandShare(trimap), scores, cost };
}

function readArguments(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        model: { type: 'string' },
        refine: { type: 'string' },
        subject: { type: 'string' },
        enhance: { type: 'string' },
        'alpha-from': { type: 'string' },
        json: { type: 'string' },
        against: { type: 'string' },
        folds: { type: 'string', default: '4' },
        mattes: { type: 'string' },
        beside: { type: 'string' },
        out: { type: 'string', default: 'bench-results' },
      },
    });
    const [folder, ...rest] = positionals;
    if (!folder || rest.length > 0) throw new Error('Give one folder.');
    const { model, refine, subject, enhance, 'alpha-from': alphaFrom, json, against, mattes, beside, out } = values;
    const folds = Number(values.folds);
    if (!Number.isInteger(folds) || folds < 1) throw new Error('--folds takes a whole number above 0.');
    // Only what was given: the server refuses parameters that it does not know.
    const asked = Object.entries({ model, refine, subject, enhance });
    const parameters = Object.fromEntries(asked.flatMap(([name, value]) => (value ? [[name, value] as const] : [])));
    if (alphaFrom && Object.keys(parameters).length > 0)
      throw new Error('--alpha-from scores finished mattes: --model, --refine, --subject and --enhance do not apply.');
    return { folder, out, json, against, folds, alphaFrom, mattes, beside, parameters };
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`);
  }
}
