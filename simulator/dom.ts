import type { HostDocument } from './document.ts';
import { type DocumentDom, DomDocument } from './dom-document.ts';
import { type Collection, DomLayer } from './dom-layer.ts';
import type { HostLayer } from './layer.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';

/** Photoshop's object API for one plugin. The same document or layer is always the same object. */
export class Dom implements DocumentDom {
  readonly host: HostState;
  readonly session: PluginSession;
  readonly #documents = new WeakMap<HostDocument, DomDocument>();
  readonly #layers = new WeakMap<HostLayer, DomLayer>();
  readonly #hosts = new WeakMap<object, HostLayer>();

  constructor(host: HostState, session: PluginSession) {
    this.host = host;
    this.session = session;
  }

  document(doc: HostDocument): DomDocument {
    let facade = this.#documents.get(doc);
    if (!facade) {
      facade = this.session.boundary.expose(new DomDocument(this, doc));
      this.#documents.set(doc, facade);
    }
    return facade;
  }

  layer(doc: HostDocument, layer: HostLayer): DomLayer {
    let facade = this.#layers.get(layer);
    if (!facade) {
      facade = this.session.boundary.expose(new DomLayer(this, doc, layer));
      this.#layers.set(layer, facade);
      this.#hosts.set(facade, layer);
    }
    return facade;
  }

  /** The layer behind an object that a plugin hands back. */
  hostLayer(facade: unknown): HostLayer | undefined {
    return typeof facade === 'object' && facade !== null ? this.#hosts.get(facade) : undefined;
  }

  collection<T extends { readonly name: string }>(items: T[]): Collection<T> {
    const getByName = (name: string) => items.find((item) => item.name === name) ?? null;
    return Object.defineProperty(items, 'getByName', { value: getByName, enumerable: false }) as Collection<T>;
  }
}
