/** What copies can be saved as. */
export const SAVE_FORMATS = ['psd', 'tiff', 'png'] as const;
export type SaveFormat = (typeof SAVE_FORMATS)[number];
