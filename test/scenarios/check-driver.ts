import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import type { Outcome } from '../../plugin/check/probe.ts';
import type { HostProfile } from '../../plugin/host-profile.ts';
import type { HostOptions } from '../../simulator/index.ts';
import type { ProbeKey } from '../../words/panel/keys.ts';
import { Rig } from './panel-driver.ts';

export interface SavedReport {
  readonly facts: Readonly<Record<string, string>>;
  readonly outcomes: readonly Outcome[];
  readonly profile: HostProfile;
  readonly running: string | null;
}

/** The panel with its server section open, and what its check says. */
export class CheckRig extends Rig {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'hairline-check-'));

  override async open(options: HostOptions = {}, manifest: 'all' | 'listed' = 'all'): Promise<void> {
    await super.open(options, manifest);
    this.panel.click('#setup-toggle');
  }

  override async close(): Promise<void> {
    await super.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Clicks the button, and waits until it can be clicked again. */
  async check(): Promise<SavedReport> {
    this.panel.click('#check-start');
    await this.panel.waitFor(() => this.panel.text('#check-start') === 'Check this Photoshop', 60_000, 'the end');
    expect(this.panel.text('#check-status')).toMatch(/^\d+ of \d+ as expected\.$/);
    expect(this.photoshop.isModal).toBe(false);
    expect(this.photoshop.imageDataAlive).toBe(0);
    return this.save();
  }

  async save(): Promise<SavedReport> {
    this.photoshop.onPickFolder = () => this.folder;
    this.panel.click('#check-save');
    await this.panel.waitFor(() => this.panel.text('#check-status').startsWith('Report saved'), 5000, 'the report');
    const [json] = this.panel.text('#check-status').match(/hairline-photoshop-check[\w-]*\.json/)!;
    return JSON.parse(readFileSync(path.join(this.folder, json), 'utf8'));
  }
}

export function outcomeOf({ outcomes }: SavedReport, id: ProbeKey): Outcome {
  const found = outcomes.find((outcome) => outcome.id === id);
  if (found === undefined) throw new Error(`${id} was not asked`);
  return found;
}
