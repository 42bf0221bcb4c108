import { expect, test } from 'vitest';
import type { Outcome } from '../../../plugin/check/probe.ts';
import { type Report, readOutcomes, toJson, toText } from '../../../plugin/check/report.ts';
import { UNCHECKED } from '../../../plugin/host-profile.ts';

const facts = {
  ...{ hairline: '0.1.0', photoshop: '26.0.0', uxp: 'uxp-8', system: 'darwin', release: '24', language: 'en_US' },
};
const outcome = (seen: Outcome['seen']): Outcome => ({
  ...{ id: 'globals', end: 'answered', expected: true, milliseconds: 3, seen },
});
const report = (seen: Outcome['seen']): Report => ({
  ...{ facts, outcomes: [outcome(seen)], running: null, profile: UNCHECKED },
});

test.each([
  ['Could not open /Users/lena/Pictures/a b.psd', '/Users/lena'],
  ['file:///Users/lena/x.psd', '/Users/lena'],
  ['C:\\Users\\Lena M\\Documents\\x.psd is locked', 'C:\\Users\\Lena M'],
  ['\\\\studio-nas\\clients\\bride.psd', '/Users/lena'],
  ['/Volumes/Clients/bride.psd', '/Users/lena'],
  ['lena is logged in', '/Users/lena'],
])('nothing of the user gets into a report: %s', (words, home) => {
  for (const text of [toJson(report({ words: [words] }), home), toText(report(words), home)]) {
    expect(text).not.toMatch(/lena|bride|studio|Clients|Pictures|x\.psd/i);
  }
});

test('a short name of a user changes no words of ours', () => {
  const said = JSON.parse(toJson(report('readTrimmed of me, in (me)'), 'C:\\Users\\me'));
  expect(said.outcomes[0].seen).toBe('readTrimmed of (the user), in ((the user))');
  expect(toText(report('x'), '/Users/(a+b')).toContain('"x"');
});

test('addresses of the server stay', () => {
  expect(toJson(report('http://127.0.0.1:7866/health'), '/Users/lena')).toContain('http://127.0.0.1:7866/health');
});

test('outcomes of another Photoshop, system or panel do not count', () => {
  const kept = toJson(report(1), '');
  expect(readOutcomes(kept, facts)).toEqual([outcome(1)]);
  for (const other of [{ photoshop: '27.0.0' }, { system: 'win32' }, { hairline: '0.2.0' }]) {
    expect(readOutcomes(kept, { ...facts, ...other })).toEqual([]);
  }
  for (const broken of ['', '{', '[]', 'null', '{"format":1}', kept.slice(0, 50)]) {
    expect(readOutcomes(broken, facts)).toEqual([]);
  }
});
