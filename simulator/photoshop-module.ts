import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type BatchPlayOptions, batchPlay } from './batch-play.ts';
import { constants, modeConstants } from './constants.ts';
import { HostDocument, type Mode, type NewDocument } from './document.ts';
import { Dom } from './dom.ts';
import type { DomDocument } from './dom-document.ts';
import type { Collection, DomLayer } from './dom-layer.ts';
import { HostError } from './errors.ts';
import { type GetMask, type GetPixels, ImagingReader } from './imaging-read.ts';
import { type BufferOptions, ImagingWriter, type Put } from './imaging-write.ts';
import type { EncodeOptions } from './jpeg.ts';
import type { ModalOptions } from './modal.ts';
import { documentFromPsd } from './psd.ts';
import { exists } from './reference.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';
import { fileOf } from './storage.ts';

class App {
  readonly #host: HostState;
  readonly #dom: Dom;

  constructor(host: HostState, dom: Dom) {
    this.#host = host;
    this.#dom = dom;
  }

  get documents(): Collection<DomDocument> {
    return this.#dom.collection(this.#host.documents.map((doc) => this.#dom.document(doc)));
  }

  /** null, not an error, when no document is open. */
  get activeDocument(): DomDocument | null {
    const doc = this.#host.activeDocument;
    return doc ? this.#dom.document(doc) : null;
  }

  set activeDocument(facade: DomDocument | null) {
    this.#host.modal.requireFor('select');
    const doc = this.#host.documents.find((other) => facade && this.#dom.document(other) === facade);
    if (!doc) throw new HostError('activeDocument: not an open document', { kind: 'TypeError' });
    this.#host.activeDocument = doc;
  }

  /** Active after it, with one empty layer. */
  async createDocument(
    options: Omit<NewDocument, 'mode'> & { mode?: string; profile?: string } = { width: 1, height: 1 },
  ) {
    const host = this.#host;
    host.modal.requireFor('make');
    await host.modal.enterCall();
    host.checkProfile('createDocument', options.profile);
    const mode = Object.entries(modeConstants).find(([, name]) => name === options.mode)?.[0] as Mode | undefined;
    const doc = new HostDocument(host.nextId(), { ...options, mode: mode ?? 'RGB' });
    doc.madeByPlugin = true;
    doc.layers = [doc.newLayer('Layer 1', 'pixel')];
    doc.activeLayers = [...doc.layers];
    doc.history.record('New');
    return this.#dom.document(host.add(doc));
  }

  /** Opens a PSD file. */
  async open(entry: unknown): Promise<DomDocument> {
    const host = this.#host;
    host.modal.requireFor('open');
    await host.modal.enterCall();
    const file = fileOf(this.#dom.session.boundary, entry);
    const bytes = readFileSync(file);
    if (bytes.toString('latin1', 0, 4) !== '8BPS') throw new HostError('open: only PSD files are simulated');
    const doc = documentFromPsd(host.nextId(), bytes, path.basename(file));
    doc.path = file;
    return this.#dom.document(host.add(doc));
  }

  /** The older place of action.batchPlay. */
  async batchPlay(descriptors: unknown, options?: BatchPlayOptions): Promise<unknown> {
    return play(this.#host, descriptors, options);
  }

  get actionTree(): unknown[] {
    return [];
  }

  async showAlert(message: string): Promise<void> {
    this.#host.alerts.push(String(message));
  }
}

type Handler = (event: string, descriptor: unknown) => void;

/** require('photoshop') for one plugin. */
export function photoshopModule(host: HostState, session: PluginSession) {
  const { boundary } = session;
  const dom = new Dom(host, session);
  const app = boundary.expose(new App(host, dom));
  const core = boundary.wrapAll({
    executeAsModal: async (fn: (context: unknown, descriptor: unknown) => unknown, options: ModalOptions) =>
      host.modal.execute(session, fn, options),
    isModal: () => host.modal.isModal,
    showAlert: async (options: { message: string } | string) => {
      host.alerts.push(typeof options === 'string' ? options : String(options?.message));
    },
    addNotificationListener: async () => undefined,
    removeNotificationListener: async () => undefined,
    performMenuCommand: async () => {
      throw new HostError('performMenuCommand is not simulated');
    },
  });
  return {
    app,
    core,
    constants,
    action: actionModule(host, session),
    ...(host.atLeast('24.4') ? { imaging: imagingModule(host, session) } : {}),
  };
}

function imagingModule(host: HostState, session: PluginSession) {
  const reader = new ImagingReader(host, session);
  const writer = new ImagingWriter(host, session);
  const logged = <O, A>(name: string, run: (options: O) => Promise<A>) => {
    return async (options: O): Promise<A> => {
      const call = { name, failed: false };
      host.calls.push(call);
      try {
        return (await host.onImaging(name, options, () => run(options))) as A;
      } catch (error) {
        call.failed = true;
        throw error;
      }
    };
  };
  return session.boundary.wrapAll({
    getPixels: logged('getPixels', (options: GetPixels) => reader.getPixels(options)),
    getLayerMask: logged('getLayerMask', (options: GetMask) => reader.getLayerMask(options)),
    getSelection: logged('getSelection', (options: GetMask) => reader.getSelection(options)),
    putPixels: logged('putPixels', (options: Put) => writer.putPixels(options)),
    putLayerMask: logged('putLayerMask', (options: Put) => writer.putLayerMask(options)),
    putSelection: logged('putSelection', (options: Put) => writer.putSelection(options)),
    createImageDataFromBuffer: (buffer: unknown, options: BufferOptions) =>
      writer.createImageDataFromBuffer(buffer, options),
    encodeImageData: (options: EncodeOptions) => writer.encodeImageData(options),
  });
}

async function play(host: HostState, descriptors: unknown, options?: BatchPlayOptions): Promise<unknown> {
  return host.modal.hold(async () => {
    host.modal.requireNotCancelled();
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (const { _obj } of descriptors as { _obj: string }[]) host.calls.push({ name: _obj, failed: false });
    const answer = batchPlay(host, descriptors, options);
    await host.alertClosed;
    return answer;
  });
}

function actionModule(host: HostState, session: PluginSession) {
  const wrapped = new Map<Handler, Handler>();
  const base = session.boundary.wrapAll({
    batchPlay: (descriptors: unknown, options?: BatchPlayOptions) => play(host, descriptors, options),
    validateReference: (reference: unknown) => exists(host, reference),
    addNotificationListener: async (events: string[], handler: Handler) => {
      wrapped.set(handler, (event, descriptor) => {
        try {
          handler(event, descriptor);
        } catch (error) {
          session.errors.push(error);
        }
      });
      for (const event of events) {
        if (!host.listeners.has(event)) host.listeners.set(event, new Set());
        host.listeners.get(event)!.add(wrapped.get(handler)!);
      }
    },
    removeNotificationListener: async (events: string[], handler: Handler) => {
      for (const event of events) host.listeners.get(event)?.delete(wrapped.get(handler)!);
    },
  });
  if (!host.atLeast('25.0')) return base;
  return Object.assign(base, session.boundary.wrapAll({ recordAction: recorder(host) }));
}

/** Adds a step while an Action is recorded; the checks apply always. */
function recorder(host: HostState) {
  return async (...args: unknown[]) => {
    const [step, info] = args as [{ name?: unknown; methodName?: unknown } | undefined, unknown];
    if (args.length < 2 || info === undefined) throw new HostError('Failed Error: Argument 2 is missing');
    if (typeof step?.methodName !== 'string' || typeof step.name !== 'string')
      throw new HostError('Unsupported napi type');
    const { name, methodName } = step;
    if (host.faults.recordActionFails) throw new HostError('recordAction: nothing is being recorded');
    host.recording?.push({ name, methodName, info: JSON.parse(JSON.stringify(info)) });
  };
}

export type PhotoshopModule = ReturnType<typeof photoshopModule>;
export type { DomDocument, DomLayer };
