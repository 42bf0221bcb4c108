import { type EdgeControls, NEUTRAL_EDGE } from '../../protocol/edge.ts';
import type { EdgeRequest } from '../../protocol/schemas/edge.ts';
import type { Cancellation } from '../cancellation.ts';
import type { Preview as Encoded } from '../client/client.ts';
import type { SettingsMemory } from '../settings/settings-memory.ts';
import { encodeBase64 } from './base64.ts';
import { LivePreview } from './live-preview.ts';
import type { Backdrop, EdgeView, Preview } from './state.ts';

/** What a preview of the last matte can be made of. */
export interface Previewable {
  layer: string;
  /** Of the picture, in pixels. */
  width: number;
  height: number;
  /** Throws what the server said; makes the matte again where the server has dropped it. */
  preview(request: EdgeRequest, cancel: Cancellation): Promise<Encoded>;
}

/** A picture for twice the pixels of the panel: screens have them, although UXP counts only one. */
const SCREEN_DENSITY = 2;

const COLORS: Readonly<Record<Exclude<Backdrop, 'mask'>, string>> = {
  checker: 'checker',
  black: '#000',
  white: '#fff',
  red: '#f00',
};

/** The edge controls, what they would do to the last matte, and whether new masks get them too. */
export class EdgeSession {
  private readonly memory: SettingsMemory;
  private readonly onChange: () => void;
  private readonly live: LivePreview<EdgeRequest, Encoded>;
  private made: Previewable | null = null;
  private current: EdgeControls;
  private backdrop: Backdrop = 'checker';
  private kept: boolean;
  private width: number | null = null;
  private url: string | null = null;
  private stale = false;
  private error: unknown = null;

  constructor(memory: SettingsMemory, onChange: () => void) {
    this.memory = memory;
    this.onChange = onChange;
    this.current = memory.settings.edge;
    this.kept = !isNeutral(this.current);
    this.live = new LivePreview(
      (request, cancel) => this.made!.preview(request, cancel),
      (picture, upToDate) => this.show(picture, upToDate),
      (error) => this.fail(error),
    );
  }

  get view(): EdgeView {
    const { current: controls, backdrop, kept } = this;
    return { controls, backdrop, kept, preview: this.preview() };
  }

  get controls(): EdgeControls {
    return this.current;
  }

  /** A new matte to look at, with the edge it was written with; or none any more. */
  note(made: Previewable | null, edge: EdgeControls): void {
    this.live.stop();
    this.made = made;
    this.current = edge;
    this.url = null;
    this.error = null;
  }

  /** @param width of the preview in pixels of the panel; null: not visible */
  look(width: number | null): void {
    this.width = width;
    this.refresh();
  }

  change(controls: EdgeControls): void {
    this.current = controls;
    if (this.kept) this.memory.choose({ edge: controls });
    this.refresh();
  }

  showOn(backdrop: Backdrop): void {
    this.backdrop = backdrop;
    this.refresh();
  }

  keep(kept: boolean): void {
    this.kept = kept;
    this.memory.choose({ edge: kept ? this.current : NEUTRAL_EDGE });
    this.onChange();
  }

  /** Goes on after a `stop`. */
  resume(): void {
    this.refresh();
  }

  /** Ends what is under way. */
  stop(): void {
    this.live.stop();
  }

  private preview(): Preview | null {
    if (this.made === null) return null;
    const { url, stale, error } = this;
    const { layer, width, height } = this.made;
    return { layer, aspect: width / height, url, stale, error };
  }

  private refresh(): void {
    if (this.made === null || this.width === null) {
      this.live.stop();
      this.stale = false;
    } else {
      this.stale = true;
      this.live.ask(this.request(this.made, this.width));
    }
    this.onChange();
  }

  private request(made: Previewable, panelWidth: number): EdgeRequest {
    const width = Math.min(made.width, Math.round(panelWidth * SCREEN_DENSITY));
    const { backdrop, current } = this;
    if (backdrop === 'mask') return { ...current, width, output: 'alpha' };
    return { ...current, width, output: 'composition', background: COLORS[backdrop] };
  }

  private show({ type, bytes }: Encoded, upToDate: boolean): void {
    this.url = `data:${type};base64,${encodeBase64(bytes)}`;
    this.stale = !upToDate;
    this.error = null;
    this.onChange();
  }

  private fail(error: unknown): void {
    this.error = error;
    this.stale = false;
    this.onChange();
  }
}

function isNeutral(edge: EdgeControls): boolean {
  return (Object.keys(NEUTRAL_EDGE) as (keyof EdgeControls)[]).every((name) => edge[name] === NEUTRAL_EDGE[name]);
}
