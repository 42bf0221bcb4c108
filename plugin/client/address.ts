/**
 * Brings what a user typed as the server's address into the form in which permissions are written, and answers null
 * where Photoshop would refuse it. `7868` and `localhost:7868` mean what one would think.
 * @param permitted origins of the manifest; `all`: any port of this computer, and no other one, because pictures never leave it
 */
export function readAddress(typed: string, permitted: readonly string[] | 'all'): string | null {
  const text = typed.trim().replace(/\/+$/, '').toLowerCase();
  const withHost = /^\d+$/.test(text) ? `127.0.0.1:${text}` : text;
  const origin = /^(https?|wss?):\/\//.test(withHost) ? withHost : `http://${withHost}`;
  if (permitted !== 'all') return permitted.includes(origin) ? origin : null;
  return /^(http|ws):\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/.test(origin) ? origin : null;
}
