import { createHash } from 'node:crypto';

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The id under which git stores a file's content: what GitHub shows for a file at a commit. */
export function gitBlobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** What is known of a file before it is there. */
export interface Expected {
  bytes?: number;
  sha256?: string;
  gitBlob?: string;
}

/** Why the bytes are not the expected ones, to follow a noun; null when they are. */
export function mismatch(bytes: Uint8Array, expected: Expected): string | null {
  if (expected.bytes !== undefined && bytes.length !== expected.bytes) {
    return `has ${bytes.length} bytes instead of ${expected.bytes}`;
  }
  if (expected.sha256 !== undefined && sha256(bytes) !== expected.sha256) return 'has another SHA-256 than expected';
  if (expected.gitBlob !== undefined && gitBlobId(bytes) !== expected.gitBlob) {
    return 'has another git blob id than expected';
  }
  return null;
}
