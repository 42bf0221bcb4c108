/** Incremented when a panel and a server of different versions would misunderstand each other. */
export const PROTOCOL_VERSION = 1;

/** The ports `hairline serve` tries in order. The panel looks for them at these, and the strict manifest lists them. */
export const PORTS = [7866, 7867, 7868, 7869] as const;

export const LOOPBACK = '127.0.0.1';

/** Largest picture accepted: a 100-megapixel camera back with some room. */
export const MAX_PIXELS = 120_000_000;

/**
 * Longest side accepted, in pixels: the limit of a PSD file. Larger documents (PSB) are refused before memory is
 * allocated.
 */
export const MAX_SIDE = 30_000;

/** Largest request body: raw 16-bit RGBA of `MAX_PIXELS`. */
export const MAX_BODY_BYTES = MAX_PIXELS * 8;

/** Largest encoded body (JPEG, PNG, …). Real photographs of `MAX_PIXELS` stay well below it. */
export const MAX_ENCODED_BYTES = 512 * 1024 * 1024;

/** Largest picture fetched from a URL. */
export const MAX_URL_BYTES = 64 * 1024 * 1024;

/** Largest body of a probe (`POST /v1/probe`), which is counted and dropped. */
export const MAX_PROBE_BYTES = 128 * 1024 * 1024;
