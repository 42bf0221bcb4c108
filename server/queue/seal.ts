import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** Begins every sealed message; another format would have another one. */
const FORMAT = 1;
const MARK_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + MARK_BYTES + NONCE_BYTES;

/** Bytes that sealing adds. */
export const SEAL_BYTES = HEAD_BYTES + TAG_BYTES;

/** Keys derived of late; a job needs its own a few times. */
const KEPT_KEYS = 256;

/** What was read from the queue was not put there by this cluster, or for something else. */
export class SealError extends Error {
  override name = 'SealError';
}

/**
 * Encrypts and authenticates everything that lies in the queue, with keys that the queue's host does not have:
 * AES-256-GCM, a key of its own for each scope (a job, a worker) through HKDF-SHA256 from the cluster's secret. The
 * scope and `what` are authenticated too, so that nothing can be taken for something else: a chunk for another chunk, a
 * result for that of another job.
 */
export class Sealer {
  /** Names the secret that seals, and says nothing about it. */
  readonly mark: string;
  /** Those of all accepted secrets. */
  readonly marks: readonly string[];
  readonly #secrets: ReadonlyMap<string, Buffer>;
  readonly #keys = new Map<string, Buffer>();

  /** @param secrets the first one seals, all of them open: a secret is replaced without a pause */
  constructor(secrets: readonly Buffer[]) {
    this.#secrets = new Map(secrets.map((secret) => [markOf(secret), secret]));
    this.marks = [...this.#secrets.keys()];
    const [first] = this.marks;
    if (first === undefined) throw new Error('A cluster needs a secret.');
    this.mark = first;
  }

  seal(scope: string, what: string, plain: Uint8Array): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key(this.mark, scope), nonce);
    cipher.setAAD(Buffer.from(what));
    const head = Buffer.concat([Buffer.of(FORMAT), Buffer.from(this.mark, 'hex'), nonce]);
    return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws {SealError} */
  open(scope: string, what: string, sealed: Uint8Array): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const mark = bytes.toString('hex', 1, 1 + MARK_BYTES);
    if (bytes.length < SEAL_BYTES || bytes[0] !== FORMAT || !this.#secrets.has(mark))
      throw new SealError('It was not sealed with a secret of this cluster.');
    const decipher = createDecipheriv(
      'aes-256-gcm',
      this.#key(mark, scope),
      bytes.subarray(1 + MARK_BYTES, HEAD_BYTES),
      {
        authTagLength: TAG_BYTES,
      },
    );
    decipher.setAAD(Buffer.from(what));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    const first = decipher.update(bytes.subarray(HEAD_BYTES, bytes.length - TAG_BYTES));
    try {
      decipher.final();
    } catch {
      throw new SealError('It was changed, or belongs to something else.');
    }
    return first;
  }

  /** As text, for messages that hold JSON. */
  sealValue(scope: string, what: string, value: unknown): string {
    return this.seal(scope, what, Buffer.from(JSON.stringify(value))).toString('base64');
  }

  /** @throws {SealError} */
  openValue<T>(scope: string, what: string, text: unknown): T {
    if (typeof text !== 'string') throw new SealError('It is no sealed message.');
    return JSON.parse(this.open(scope, what, Buffer.from(text, 'base64')).toString()) as T;
  }

  /** A name for something that the queue's host is not told; the same for the same. */
  hide(text: string): string {
    return createHmac('sha256', this.#key(this.mark, 'names')).update(text).digest('base64url');
  }

  #key(mark: string, scope: string): Buffer {
    const name = `${mark} ${scope}`;
    let key = this.#keys.get(name);
    if (!key) {
      key = Buffer.from(hkdfSync('sha256', this.#secrets.get(mark)!, scope, 'hairline queue 1', 32));
      this.#keys.set(name, key);
      if (this.#keys.size > KEPT_KEYS) this.#keys.delete(this.#keys.keys().next().value!);
    }
    return key;
  }
}

function markOf(secret: Buffer): string {
  return Buffer.from(hkdfSync('sha256', secret, '', 'hairline cluster mark', MARK_BYTES)).toString('hex');
}
