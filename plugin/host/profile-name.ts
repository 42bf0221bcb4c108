/** What Photoshop adds to the profile names of 32-bit documents, and takes from no plugin. */
const LINEAR = /\s*\(Linear RGB Profile\)/i;

/** A profile as Photoshop takes it; null where it named none. */
export function plainProfile(name: string | undefined): string | null {
  return name?.replace(LINEAR, '') || null;
}
