import fp from 'fastify-plugin';

/** What every answer tells browsers: to show it nowhere else, guess nothing, keep nothing and tell nobody. */
export const SHIELDS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** For pages of this server: everything they need comes from here, and no other page may frame them. */
export const PAGE_POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src 'self' data: blob:; object-src 'none'";

/**
 * Sets these headers on every answer, refusals included: register it first. Pages set `PAGE_POLICY`
 * instead of the policy for data.
 */
export const shields = fp(
  async (app) => {
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers(SHIELDS);
    });
  },
  { name: 'shields' },
);
