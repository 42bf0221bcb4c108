import type { HostDocument } from './document.ts';
import { HostError } from './errors.ts';
import type { Faults } from './faults.ts';

/** What this needs of the host. */
export interface DocumentHolder {
  readonly documents: readonly HostDocument[];
  readonly faults: Faults;
  document(id: number | undefined): HostDocument;
  close(doc: HostDocument): void;
}

/** What suspendHistory answers; a plugin may set finalName before it resumes. */
interface SuspensionHandle {
  historySuspensionID: number;
  finalName?: string;
}

/** The answer of suspendHistory while an Action playback owns the history. */
const unavailable = 4294967295;
let nextSuspension = 1;

/** executionContext.hostControl of one modal scope. */
export class HostControl {
  readonly #host: DocumentHolder;
  readonly #assertRunning: () => void;
  readonly #suspensions = new Map<number, number>();
  readonly #autoClose = new Set<number>();

  constructor(host: DocumentHolder, assertRunning: () => void) {
    this.#host = host;
    this.#assertRunning = assertRunning;
  }

  async suspendHistory(options: { documentID: number; name: string }): Promise<SuspensionHandle | number> {
    this.#assertRunning();
    if (typeof options?.documentID !== 'number' || typeof options.name !== 'string') {
      throw new HostError('suspendHistory: documentID and name are required', { kind: 'TypeError' });
    }
    const doc = this.#host.document(options.documentID);
    if (this.#host.faults.suspendHistoryUnavailable) return unavailable;
    const id = nextSuspension++;
    doc.history.suspend(id, options.name);
    this.#suspensions.set(id, doc.id);
    return { historySuspensionID: id };
  }

  async resumeHistory(handle: SuspensionHandle, commit = true): Promise<void> {
    this.#assertRunning();
    const id = handle?.historySuspensionID;
    const documentId = this.#suspensions.get(id);
    if (documentId === undefined) throw new HostError(`resumeHistory: invalid history suspension ${id}`);
    this.#suspensions.delete(id);
    const isKept = commit || this.#host.faults.rollbackIgnored;
    this.#host.document(documentId).history.resume(id, isKept, handle.finalName);
  }

  async registerAutoCloseDocument(documentId: number): Promise<void> {
    this.#assertRunning();
    this.#autoClose.add(this.#host.document(documentId).id);
  }

  async unregisterAutoCloseDocument(documentId: number): Promise<void> {
    this.#assertRunning();
    this.#autoClose.delete(documentId);
  }

  /** A field, so that plugins do not see it. The scope is over: what is still suspended is committed, or undone when the callback failed or was cancelled. */
  readonly finish = (failed: boolean): void => {
    for (const [id, documentId] of [...this.#suspensions].reverse()) {
      const doc = this.#host.documents.find((other) => other.id === documentId);
      if (doc) doc.history.resume(id, !failed);
    }
    this.#suspensions.clear();
    for (const id of this.#autoClose) {
      const doc = this.#host.documents.find((other) => other.id === id);
      if (doc) this.#host.close(doc);
    }
  };
}
