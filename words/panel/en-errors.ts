import type { Strings } from './strings.ts';

/** Errors of the panel itself. */
export const errors: Strings['errors'] = {
  NO_DOCUMENT: ['No document is open.', 'Open a picture, then click Mask subject.'],
  NO_LAYER: ['No layer is selected.', 'Select one layer in the Layers panel, then click again.'],
  SEVERAL_LAYERS: ['Several layers are selected.', 'Select one layer in the Layers panel, then click again.'],
  GROUP: [
    '"{layer}" is a group, and a color layer cannot be clipped to a group.',
    'Choose another output, or select one layer inside the group.',
  ],
  ARTBOARD: ['"{layer}" is an artboard.', 'Select a layer or a group inside the artboard, then click again.'],
  CLIPPED: [
    '"{layer}" is clipped to the layer below, so a color layer cannot be clipped to it.',
    'Choose another output, or release the clipping mask (Layer > Release Clipping Mask).',
  ],
  ADJUSTMENT_LAYER: [
    '"{layer}" is an adjustment layer and has no picture of its own.',
    'Select the layer that shows the subject, then click again.',
  ],
  FILL_LAYER: [
    '"{layer}" is a fill or shape layer and has no picture of its own.',
    'Select the layer that shows the subject, then click again.',
  ],
  LAYER_LOCKED: ['"{layer}" is locked.', 'Unlock it in the Layers panel, then click again.'],
  GROUP_LOCKED: ['"{layer}" is in a locked group.', 'Unlock the group in the Layers panel, then click again.'],
  EMPTY_LAYER: ['"{layer}" is empty.', 'Select the layer that shows the subject, then click again.'],
  OUTSIDE_SELECTION: ['The selection does not touch "{layer}".', 'Select around the subject, or deselect.'],
  OUTSIDE_CANVAS: ['"{layer}" lies outside the canvas.', 'Move it onto the canvas, then click again.'],
  MASK_EXISTS: ['"{layer}" already has a mask.', 'Choose what to do with it. It is kept as an alpha channel.'],
  FLAT_MASK: [
    'The mask of "{layer}" has no edge to refine.',
    'Choose Replace, or paint a rough mask, then click again.',
  ],
  COLOR_MODE: ['Hairline cannot make masks in {mode} mode.', 'Choose Image > Mode > RGB Color, then click again.'],
  COLORS_MODE: [
    'Clean colors require an RGB document, and this one is in {mode} mode.',
    'Choose another output, or Image > Mode > RGB Color.',
  ],
  COLORS_DEPTH: [
    'Clean colors require a document with 8 or 16 bits per channel.',
    'Choose another output, or Image > Mode > 16 Bits/Channel.',
  ],
  QUICK_MASK: ['Photoshop is in Quick Mask mode.', 'Press Q to leave it, then click again.'],
  TOO_LARGE: [
    'The document is larger than Hairline accepts ({width} x {height} pixels).',
    'Use a document of at most 120 megapixels and 30,000 pixels a side.',
  ],
  PHOTOSHOP_BUSY: [
    'Photoshop is busy with another command.',
    'Finish the open dialog, crop or transform, then click again.',
  ],
  READ_FAILED: [
    'Photoshop could not read the pixels of "{layer}".',
    'Convert the layer to a Smart Object (Layer > Smart Objects), then click again.',
  ],
  WRITE_FAILED: [
    'Photoshop did not accept the mask; nothing was changed.',
    'Check that the layer can have a mask (Layer > Layer Mask), then click again.',
  ],
  SELECTION_FAILED: [
    'Photoshop did not accept the selection; nothing was changed.',
    'Choose another output, then click again.',
  ],
  CHANNEL_FAILED: [
    'Photoshop did not accept the alpha channel "{channel}"; nothing was changed.',
    'Delete alpha channels that you no longer need, then click again.',
  ],
  LAYER_FAILED: [
    'Photoshop did not accept the new layer "{layer}"; nothing was changed.',
    'Choose another output, then click again.',
  ],
  NOT_KEPT: [
    'The server could not keep the picture, and the edge controls and clean colors need it.',
    'Set the edge controls to neutral, or use a smaller document.',
  ],
  MATTE_LOST: ['The server no longer keeps this picture.', 'Undo the mask, then click Mask subject.'],
  NOT_RUNNING: ['The Hairline server is not running.', 'Run "npm start" in the Hairline folder, then click again.'],
  PERMISSION_DENIED: [
    'Photoshop does not allow Hairline to reach its server.',
    'Remove the Hairline plugin, install the .ccx that may reach any address (no "listed-network" in its name), and restart Photoshop.',
  ],
  SERVER_OLDER: [
    'The Hairline server ({version}) is older than this panel.',
    'Update the server, start it again, then click again.',
  ],
  SERVER_NEWER: [
    'This panel is older than the Hairline server ({version}).',
    'Update the Hairline plugin in Photoshop, then click again.',
  ],
  SERVER_LOST: [
    'The Hairline server stopped answering.',
    'Check that it is still running ("npm start" in the Hairline folder), then click again.',
  ],
  TIMED_OUT: ['The Hairline server took too long to answer.', 'Restart the server, then click again.'],
  BAD_ANSWER: ['The Hairline server sent an invalid response.', 'Restart the server, then click again.'],
  MODEL_MISSING: [
    'The model is not downloaded yet.',
    'Run "hairline models pull" once while online, then click again.',
  ],
  NO_SUBJECT: [
    'No subject was found in "{layer}".',
    'Select a layer that shows a person or an object, then click again.',
  ],
  DOCUMENT_CLOSED: ['The document was closed before the mask was ready.', 'Open it again, then click Mask subject.'],
  DOCUMENT_CHANGED: [
    '"{document}" changed size, mode or name while the mask was being made.',
    'Click Mask subject again.',
  ],
  LAYER_DELETED: ['The layer was deleted before the mask was ready.', 'Select a layer, then click Mask subject.'],
  LAYER_CHANGED: ['"{layer}" was moved or changed while the mask was being made.', 'Click Mask subject again.'],
  MASK_ADDED: [
    'A mask was added to "{layer}" while Hairline was working.',
    'Click again and choose what to do with it.',
  ],
  ALREADY_RUNNING: ['Hairline is already making a mask.', 'Wait until it is done, or cancel it in the panel.'],
  LAUNCH_FAILED: [
    'Photoshop could not start the Hairline server.',
    'Run "npm start" in the Hairline folder once; after that the button works.',
  ],
  LAUNCH_TIMED_OUT: [
    'The Hairline server did not start.',
    'See its window for the reason, or run "npm start" in the Hairline folder.',
  ],
  NEVER_SAVED: [
    '"{document}" was never saved on this computer, so there is no folder for the copy.',
    'Choose a folder for the copies, then click Retry failed.',
  ],
  FOLDER_CLOSED: [
    'Hairline cannot write the copy of "{document}" to the folder.',
    'Choose another folder, then click Retry failed.',
  ],
  SAVE_FAILED: [
    'Photoshop could not save a copy of "{document}".',
    'Choose another format or folder, then click Retry failed.',
  ],
  STEP_NEWER: [
    'This Action step was recorded by a newer Hairline.',
    'Update the Hairline plugin, or record the step again.',
  ],
  STEP_BROKEN: ['This Action step has settings that Hairline cannot read.', 'Delete the step and record it again.'],
  NONE_CHOSEN: ['No document is selected.', 'Select at least one document in the list, then click again.'],
  SOME_FAILED: [
    '{failed} of {total} documents could not be masked, starting with "{document}".',
    'The Hairline panel shows the reasons and can retry them.',
  ],
  UNEXPECTED: [
    'Something went wrong; the document was not changed.',
    'Click again; if it happens again, restart Photoshop.',
  ],
};
