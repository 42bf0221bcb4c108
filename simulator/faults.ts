/** Answers that documentation does not settle, or hosts that misbehave. Defaults are the documented or most likely answer. */
export interface Faults {
  /** Value of a new mask outside the region put (undocumented). */
  maskOutside: 0 | 255;
  /** Reported bug: blocks (64 x 64 here) of zeros written by putLayerMask turn white. */
  maskZeroBlockTurnsWhite: boolean;
  reject16BitMask: boolean;
  /** putLayerMask converts values to this gray profile from the one they come with; null: it takes them as they are. */
  maskProfile: string | null;
  /** getLayerMask returns only the part that differs from the mask's outside value. */
  maskReadsTrimmed: boolean;
  /** layer.bounds ignores the user mask; otherwise masked-away pixels do not count. */
  boundsIgnoreMask: boolean;
  /** putLayerMask rejects when only the layer's pixels are locked; a full lock always rejects. */
  pixelLockRefusesMask: boolean;
  /** getPixels rejects when asked for a depth or color space that is not the document's. */
  refusesPixelConversion: boolean;
  /** putLayerMask rejects for solid, gradient and pattern fill layers (reported). */
  fillLayerMaskErrors: boolean;
  /** putLayerMask rejects in Lab documents (reported). */
  labMaskErrors: boolean;
  /** Density and feather outlive a mask that putLayerMask replaces. */
  replacedMaskKeepsLook: boolean;
  /** putLayerMask rejects for groups. */
  groupMaskErrors: boolean;
  /** Which masks getPixels applies to the pixels it hands out. Reported for enabled ones; nothing is known of others. */
  maskInPixels: 'enabled' | 'always' | 'never';
  /** getPixels of Grayscale and Lab documents has no alpha, even when asked for RGB. */
  grayHasNoAlpha: boolean;
  /** Layers do not tell their bounds without the mask. */
  boundsNoMaskMissing: boolean;
  /** Selections have eight bits in deeper documents too. */
  selectionEightBit: boolean;
  /** putSelection rejects 16-bit data. */
  reject16BitSelection: boolean;
  /** resumeHistory without commit keeps the changes, as one state. */
  rollbackIgnored: boolean;
  /** A layer that is moved between a layer and what is clipped to it becomes clipped too. */
  insertedJoinsClipping: boolean;
  /** Layer From Background gives the layer a new id; otherwise it keeps the old one. */
  backgroundConversionChangesId: boolean;
  /** Number of the error with which layers and composites of a document that no plugin made cannot be read. */
  documentUnreadable: -32005 | -1 | null;
  /** Smart objects cannot be read until they are rasterized, wherever they are. */
  smartObjectsUnreadable: boolean;
  /** How far a layer is moved when it is duplicated into another document. */
  copiesLandOff: number;
  /** batchPlay `get` outside a modal scope raises an alert, as it may while Photoshop is busy. */
  getsOutsideModalAlert: boolean;
  /** Command failures throw instead of resolving with {_obj:'error'}. */
  batchPlayThrows: boolean;
  /** getLayerMask of a layer without a mask rejects; otherwise it answers an all-white canvas. */
  missingMaskErrors: boolean;
  /** getSelection without a selection rejects; otherwise it answers an all-zero canvas. */
  missingSelectionErrors: boolean;
  /** getPixels of a group answers its flattened content; otherwise it rejects. */
  groupPixels: boolean;
  /**
   * Another program keeps Photoshop modal for this many seconds of retry: executeAsModal rejects with number 9 while
   * `timeOut` (1 if absent) is not longer than the remaining time; each rejection subtracts max(timeOut, 1).
   */
  busy: number | null;
  /** What holds Photoshop in `busy`: a dialog of the user, or the plugin with this id. */
  busyHolder: string | null;
  /** suspendHistory answers 4294967295 and resumeHistory throws, as while an Action is played. */
  suspendHistoryUnavailable: boolean;
  /** executeAsModal resolves although the user cancelled, when the callback returned normally. */
  cancelledScopeResolves: boolean;
  /** fetch ignores its abort signal. */
  abortSignalIgnored: boolean;
  /** A denied URL makes XMLHttpRequest.send throw instead of firing `error`. */
  xhrDenialThrows: boolean;
  /** Which spelling of the binary responseType XMLHttpRequest knows; another spelling leaves text. */
  arrayBufferSpelling: 'both' | 'arraybuffer' | 'arrayBuffer' | 'neither';
  /** What comes of a responseType that is not known. */
  unknownResponseType: 'text' | 'null' | 'throws';
  /** A panel's show fires only once and its hide never. */
  showOnce: boolean;
  /** Saving a copy fails with these words. */
  saveFails: string | null;
  /** Saving a PSD without `maximizeCompatibility` raises a box, as it may where the preferences say Ask. */
  asksForCompatibility: boolean;
  /**
   * How getEntryWithUrl reads addresses: as a path after `file:`; that, but escapes are undone and a `#` ends the path; or as
   * an address of the web, with three slashes, or two before the computer of a share.
   */
  fileAddress: 'path' | 'escaped' | 'web';
  /** What `selection` of a document that is not active tells of: itself, or the active one; or it throws. */
  inactiveSelection: 'own' | 'active' | 'throws';
  /** recordAction rejects, as it may where nothing is recorded. */
  recordActionFails: boolean;
  /** A command that a callback does not wait for is refused when the scope ends first. Adobe's samples do not wait. */
  commandsDieWithScope: boolean;
  /** What JavaScript got after ES2020 is not there. */
  laterBuiltinsMissing: boolean;
  /** executeAsModal rejects without a commandName, as documented; Adobe's own samples leave it out. */
  commandNameRequired: boolean;
  /** executeAsModal rejects with these words, and not because Photoshop is busy. */
  modalRefused: string | null;
  /** shell.openPath answers with these words: the system will not, or the user would not. */
  openPathRefused: string | null;
  /** Whose event tells of a choice: the group's and list's (documented), or the radio's and item's, from which it bubbles. */
  choiceEvents: 'group' | 'item';
  /** What a group of radios knows of its choice. */
  groupKnows: 'value' | 'selected' | 'nothing';
  /** Children of flexbox columns are as wide as their content, whatever `align-items` says. */
  columnsShrink: boolean;
  /** The host does not tell its language. */
  uiLocaleMissing: boolean;
  /** Scripts are taken out of the page once they have run. */
  scriptsGone: boolean;
  /** Widgets forget what was set before they came into the page. */
  forgetsEarly: boolean;
  /** `show` of a panel is called before `create`. */
  showFirst: boolean;
  /** The document has no `activeElement`. */
  focusUntold: boolean;
  /** `contains(null)` answers false, as on the web; otherwise it throws. */
  containsTakesNull: boolean;
  /** A new layer comes on top of everything; otherwise above the active one, in its group. */
  newLayersOnTop: boolean;
  /** The application does not tell its color settings. */
  colorSettingsMissing: boolean;
  /** `window` takes no listeners, so that nothing tells of a panel that is made wider. */
  windowEventsMissing: boolean;
}

export const defaultFaults = (): Faults => ({
  maskOutside: 0,
  maskZeroBlockTurnsWhite: false,
  reject16BitMask: false,
  maskProfile: null,
  maskReadsTrimmed: false,
  boundsIgnoreMask: false,
  pixelLockRefusesMask: true,
  refusesPixelConversion: false,
  fillLayerMaskErrors: true,
  labMaskErrors: true,
  replacedMaskKeepsLook: false,
  groupMaskErrors: false,
  maskInPixels: 'enabled',
  grayHasNoAlpha: false,
  boundsNoMaskMissing: false,
  selectionEightBit: false,
  reject16BitSelection: false,
  rollbackIgnored: false,
  insertedJoinsClipping: true,
  backgroundConversionChangesId: false,
  documentUnreadable: null,
  smartObjectsUnreadable: false,
  copiesLandOff: 0,
  getsOutsideModalAlert: false,
  batchPlayThrows: false,
  missingMaskErrors: true,
  missingSelectionErrors: true,
  groupPixels: false,
  busy: null,
  busyHolder: null,
  suspendHistoryUnavailable: false,
  cancelledScopeResolves: false,
  abortSignalIgnored: true,
  xhrDenialThrows: false,
  arrayBufferSpelling: 'arrayBuffer',
  unknownResponseType: 'text',
  showOnce: false,
  saveFails: null,
  asksForCompatibility: false,
  fileAddress: 'path',
  inactiveSelection: 'own',
  recordActionFails: false,
  commandsDieWithScope: false,
  laterBuiltinsMissing: false,
  commandNameRequired: false,
  modalRefused: null,
  openPathRefused: null,
  choiceEvents: 'group',
  groupKnows: 'value',
  columnsShrink: false,
  uiLocaleMissing: false,
  scriptsGone: false,
  forgetsEarly: false,
  showFirst: false,
  focusUntold: false,
  containsTakesNull: false,
  newLayersOnTop: false,
  colorSettingsMissing: false,
  windowEventsMissing: false,
});
