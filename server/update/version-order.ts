/** The numbers of `1.2.3`; releases have no other form. */
const FORM = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/;

export const isVersion = (text: string): boolean => FORM.test(text);

/** Whether `version` is newer than `other`; false if one of them is not a version. */
export function isNewer(version: string, other: string): boolean {
  const [a, b] = [version, other].map((text) => FORM.exec(text)?.slice(1).map(Number));
  if (!a || !b) return false;
  const at = a.findIndex((number, index) => number !== b[index]);
  return at >= 0 && a[at]! > b[at]!;
}
