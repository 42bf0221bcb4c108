import { PluginError } from '../../plugin/errors.ts';
import type { EditScope, Host, LayerFacts, Marquee, SelectedLayers, Source, Target } from '../../plugin/host/host.ts';
import type { Alpha, Bounds, Picture } from '../../plugin/picture.ts';

/** A host whose layers are all alike. Edits count only when the scope ends without a throw, as in Photoshop. */
export class FakeHost implements Host {
  facts: LayerFacts;
  /** What is selected in the Layers panel; an error is thrown. */
  selected: SelectedLayers | PluginError;
  /** Fails every look at the layer: closed document or deleted layer. */
  gone: PluginError | null = null;
  /** Called on entering a stage: 'inspect', 'read', 'edit', 'convert', 'write', 'leave'. */
  onStage: (stage: string) => void = () => {};
  /** Where the pixels are, if Photoshop trims the region. */
  trim: Bounds | null = null;
  /** What the layer looks like; null if Photoshop will not say. */
  thumbnail: Picture | null = {
    ...{ left: 0, top: 0, width: 2, height: 1, channels: 3, depth: 8, profile: null },
    data: new Uint8Array(6),
  };
  marquee: Marquee | null = null;
  stages: string[] = [];
  reads: Source[] = [];
  /** Committed masks by layer id, alpha channels, and history states. */
  masks = new Map<number, Alpha>();
  channels: { name: string; alpha: Alpha }[] = [];
  layers: { name: string; pixels: Picture }[] = [];
  selection: Alpha | null = null;
  history: string[] = [];

  constructor(facts: Partial<LayerFacts> = {}) {
    const target = { documentId: 7, layerId: 3 };
    this.selected = { documentId: 7, layerIds: [3] };
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
      clipped: false,
      lock: null,
      hasMask: false,
      bounds: { left: 0, top: 0, right: 6, bottom: 4 },
      ...facts,
    };
  }

  selectedLayers(): SelectedLayers {
    if (this.selected instanceof PluginError) throw this.selected;
    return this.selected;
  }

  inspectDocument() {
    if (this.gone !== null) throw this.gone;
    return this.facts;
  }

  async inspect(target: Target): Promise<LayerFacts> {
    this.#enter('inspect');
    if (this.gone !== null) throw this.gone;
    return { ...this.facts, target, hasMask: this.facts.hasMask || this.masks.has(target.layerId) };
  }

  read: Host['read'] = async (cancel, body) => {
    this.#enter('read');
    const result = await body({
      readPicture: async (source, region) => this.#readPicture(source, region),
      readThumbnail: async () => this.thumbnail,
      readMask: async ({ layerId }) => this.masks.get(layerId)!,
      readSelection: async () => this.marquee,
    });
    cancel.throwIfCancelled();
    return result;
  };

  edit: Host['edit'] = async (_documentId, delivery, cancel, _onBusy, body) => {
    this.#enter('edit');
    const masks = new Map(this.masks);
    const channels = [...this.channels];
    const layers = [...this.layers];
    let selection = this.selection;
    cancel.throwIfCancelled();
    const scope: EditScope = {
      readThumbnail: async () => this.thumbnail,
      convertBackground: async (target) => {
        this.#enter('convert');
        cancel.throwIfCancelled();
        return { ...target, layerId: target.layerId + 100 };
      },
      readMask: async ({ layerId }) => masks.get(layerId)!,
      writeMask: async ({ layerId }, mask) => {
        this.#enter('write');
        cancel.throwIfCancelled();
        masks.set(layerId, mask);
        return mask.data.join();
      },
      fingerprint: async ({ layerId }) => masks.get(layerId)?.data.join() ?? null,
      keepMask: async (_target, alpha) => keep('Portrait mask', alpha),
      addChannel: async (alpha) => keep('Hairline', alpha),
      select: async (alpha) => {
        selection = alpha;
      },
      addCutout: async (_source, pixels) => {
        layers.push({ name: 'cut-out', pixels });
        return 'cut-out';
      },
      addColors: async (_target, pixels, share) => void layers.push({ name: `colors ${share}`, pixels }),
    };
    const keep = (name: string, alpha: Alpha) => {
      channels.push({ name, alpha: { ...alpha, data: alpha.data.slice() } });
      return name;
    };
    const result = await body(scope);
    this.#enter('leave');
    cancel.throwIfCancelled();
    this.masks = masks;
    this.channels = channels;
    this.layers = layers;
    this.selection = selection;
    this.history.push(delivery);
    return result;
  };

  #readPicture(source: Source, region: Bounds): Picture {
    this.reads.push(source);
    const { left, top, right, bottom } = this.trim ?? region;
    const [width, height] = [right - left, bottom - top];
    const data = new Uint8Array(width * height * 4);
    return { left, top, width, height, channels: 4, depth: 8, profile: null, data };
  }

  #enter(stage: string): void {
    this.stages.push(stage);
    this.onStage(stage);
  }
}
