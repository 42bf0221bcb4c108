/** Few enough for one call with as many arguments. */
const CHUNK = 8192;

/** For data: addresses; previews are some ten kilobytes. */
export function encodeBase64(bytes: ArrayBuffer): string {
  const all = new Uint8Array(bytes);
  let text = '';
  for (let start = 0; start < all.length; start += CHUNK) {
    text += String.fromCharCode(...all.subarray(start, start + CHUNK));
  }
  return btoa(text);
}
