import type { Cancellation } from '../../plugin/cancellation.ts';
import { PluginError } from '../../plugin/errors.ts';
import type { Host, LayerFacts, Target } from '../../plugin/host/host.ts';
import type { Alpha, Bounds, Picture } from '../../plugin/picture.ts';

/** A host with one layer. Edits count only when the scope ends without a throw, as in Photoshop. */
export class FakeHost implements Host {
  facts: LayerFacts;
  /** What `activeTarget` answers; an error is thrown. */
  active: Target | PluginError;
  /** Fails every look at the layer: closed document or deleted layer. */
  gone: PluginError | null = null;
  /** Called on entering a stage: 'inspect', 'read', 'edit', 'convert', 'write', 'leave'. */
  onStage: (stage: string) => void = () => {};
  /** Where the pixels are, if Photoshop trims the region. */
  trim: Bounds | null = null;
  /** What the layer looks like; null if Photoshop will not say. */
  thumbnail: Picture | null = { left: 0, top: 0, width: 2, height: 1, channels: 3, data: new Uint8Array(6) };
  stages: string[] = [];
  /** Committed masks by layer id, and history states. */
  masks = new Map<number, Alpha>();
  history: string[] = [];

  constructor(facts: Partial<LayerFacts> = {}) {
    const target = { documentId: 7, layerId: 3 };
    const bounds = { left: 0, top: 0, right: 6, bottom: 4 };
    this.active = target;
    this.facts = {
      target,
      documentName: 'portrait.psd',
      layerName: 'Portrait',
      width: 6,
      height: 4,
      mode: 'RGBColorMode',
      depth: 8,
      quickMask: false,
      kind: 'picture',
      background: false,
      lock: null,
      hasMask: false,
      bounds,
      ...facts,
    };
  }

  activeTarget(): Target {
    if (this.active instanceof PluginError) throw this.active;
    return this.active;
  }

  async inspect(target: Target): Promise<LayerFacts> {
    this.enter('inspect');
    if (this.gone !== null) throw this.gone;
    return { ...this.facts, target, hasMask: this.facts.hasMask || this.masks.has(target.layerId) };
  }

  read: Host['read'] = async (cancel, body) => {
    this.enter('read');
    const result = await body({
      readPixels: async (_target, region) => this.readPixels(region),
      readThumbnail: async () => this.thumbnail,
    });
    cancel.throwIfCancelled();
    return result;
  };

  edit: Host['edit'] = async (_documentId, cancel: Cancellation, _onBusy, body) => {
    this.enter('edit');
    const written = new Map<number, Alpha>();
    cancel.throwIfCancelled();
    const result = await body({
      readThumbnail: async () => this.thumbnail,
      convertBackground: async (target) => {
        this.enter('convert');
        cancel.throwIfCancelled();
        return { ...target, layerId: target.layerId + 100 };
      },
      writeMask: async (target, mask) => {
        this.enter('write');
        cancel.throwIfCancelled();
        written.set(target.layerId, mask);
      },
    });
    this.enter('leave');
    cancel.throwIfCancelled();
    this.masks = new Map([...this.masks, ...written]);
    this.history.push('Hairline mask');
    return result;
  };

  private readPixels(region: Bounds): Picture {
    const { left, top, right, bottom } = this.trim ?? region;
    const [width, height] = [right - left, bottom - top];
    return { left, top, width, height, channels: 4, data: new Uint8Array(width * height * 4) };
  }

  private enter(stage: string): void {
    this.stages.push(stage);
    this.onStage(stage);
  }
}
