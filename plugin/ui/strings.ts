import type { Subject } from '../../protocol/matte.ts';
import type { PluginErrorCode } from '../errors.ts';
import type { HostWords } from '../words.ts';

/** Everything the panel says. {placeholders} are filled in by `messages.ts`. Another language is another such table. */
export interface Strings {
  maskSubject: string;
  cancel: string;
  /** The choice of what to look for: its name for screen readers, and the words beside the buttons. */
  subject: string;
  subjects: Record<Subject, string>;
  status: Record<
    | 'idle'
    | 'searching'
    | 'reading'
    | 'uploading'
    | 'waiting'
    | 'queued'
    | 'downloading'
    | 'writing'
    | 'busy'
    | 'done'
    | 'cancelled',
    Sentence
  >;
  server: Record<
    'unknown' | 'offline' | 'ready' | 'downloading' | 'loading' | 'installed' | 'missing' | 'failed' | 'wrong',
    string
  >;
  /** Execution providers by their id. */
  providers: Record<string, string>;
  /** Colour modes by Photoshop's constant, named as in its menu. */
  modes: Record<string, string>;
  errors: Record<PluginErrorCode, Sentence>;
  host: HostWords;
}

/** What is the case, and the one thing to do about it (empty if there is nothing to do). */
export type Sentence = readonly [message: string, hint: string];

export const en: Strings = {
  maskSubject: 'Mask subject',
  cancel: 'Cancel',
  subject: 'What to mask',
  subjects: { portrait: 'Portrait', object: 'Object' },
  status: {
    idle: ['Ready.', 'Select a layer, then click Mask subject.'],
    searching: ['Looking for the Hairline server.', ''],
    reading: ['Reading the layer.', ''],
    uploading: ['Sending the picture to the server.', '{percent} %'],
    waiting: ['Finding the subject.', 'You can keep working in Photoshop.'],
    queued: ['Waiting for other pictures to finish.', 'You can keep working in Photoshop.'],
    downloading: ['The model is being downloaded.', 'This is needed once. You can keep working in Photoshop.'],
    writing: ['Writing the mask.', ''],
    busy: ['Waiting for Photoshop to be free.', 'Finish the open dialog, crop or transform to get the mask.'],
    done: ['Mask added to "{layer}".', 'To take it back, choose Edit > Undo.'],
    cancelled: ['Cancelled.', 'Nothing in the document was changed.'],
  },
  server: {
    unknown: 'Looking for the server',
    offline: 'Server not running',
    ready: '{model} on {provider}',
    downloading: '{model} is being downloaded',
    loading: '{model} is loading',
    installed: '{model} is installed',
    missing: '{model} is not downloaded yet',
    failed: '{model} could not start',
    wrong: 'Server {version} does not fit this panel',
  },
  providers: {
    cpu: 'CPU',
    cuda: 'GPU (CUDA)',
    dml: 'GPU (DirectML)',
    coreml: 'Core ML',
    webgpu: 'GPU (WebGPU)',
  },
  modes: {
    bitmapMode: 'Bitmap',
    duotoneMode: 'Duotone',
    indexedColorMode: 'Indexed Color',
    multichannelMode: 'Multichannel',
  },
  errors: {
    NO_DOCUMENT: ['No document is open.', 'Open a picture, then click Mask subject.'],
    NO_LAYER: ['No layer is selected.', 'Select one layer in the Layers panel, then click again.'],
    SEVERAL_LAYERS: ['Several layers are selected.', 'Select one layer in the Layers panel, then click again.'],
    GROUP: ['"{layer}" is a group.', 'Select one layer inside the group, then click again.'],
    ADJUSTMENT_LAYER: [
      '"{layer}" is an adjustment layer and has no picture of its own.',
      'Select the layer that shows the subject, then click again.',
    ],
    FILL_LAYER: [
      '"{layer}" is a fill layer and has no picture of its own.',
      'Select the layer that shows the subject, then click again.',
    ],
    LAYER_LOCKED: ['"{layer}" is locked.', 'Unlock it in the Layers panel, then click again.'],
    GROUP_LOCKED: ['"{layer}" is in a locked group.', 'Unlock the group in the Layers panel, then click again.'],
    EMPTY_LAYER: ['"{layer}" is empty.', 'Select the layer that shows the subject, then click again.'],
    OUTSIDE_SELECTION: ['The selection does not touch "{layer}".', 'Select around the subject, or deselect.'],
    OUTSIDE_CANVAS: ['"{layer}" lies outside the canvas.', 'Move it onto the canvas, then click again.'],
    MASK_EXISTS: ['"{layer}" already has a mask.', 'Choose what happens to it; it is kept as an alpha channel.'],
    COLOR_MODE: ['Hairline cannot make masks in {mode} mode.', 'Choose Image > Mode > RGB Color, then click again.'],
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
      'Convert the layer to a smart object (Layer > Smart Objects), then click again.',
    ],
    WRITE_FAILED: [
      'Photoshop did not accept the mask; nothing was changed.',
      'Check that the layer can have a mask (Layer > Layer Mask), then click again.',
    ],
    CHANNEL_FAILED: [
      'Photoshop did not take the alpha channel "{channel}"; nothing was changed.',
      'Delete alpha channels that you no longer need, then click again.',
    ],
    NOT_KEPT: [
      'The server could not keep the picture, and the edge controls and clean colours need it.',
      'Set the edge controls to neutral, or use a smaller document.',
    ],
    NOT_RUNNING: ['The Hairline server is not running.', 'Run "npm start" in the Hairline folder, then click again.'],
    PERMISSION_DENIED: [
      'Photoshop does not let Hairline talk to its server.',
      'Remove the Hairline plugin, install it again and restart Photoshop.',
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
    TIMED_OUT: ['The Hairline server took too long.', 'Restart the server, then click again.'],
    BAD_ANSWER: ['The Hairline server gave an answer that makes no sense.', 'Restart the server, then click again.'],
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
    MASK_ADDED: ['"{layer}" got a mask while Hairline was working.', 'Click again and choose what happens to it.'],
    ALREADY_RUNNING: ['Hairline is already making a mask.', 'Wait until it is done, or cancel it in the panel.'],
    UNEXPECTED: [
      'Something went wrong; the document was not changed.',
      'Click again; if it happens again, restart Photoshop.',
    ],
  },
  host: {
    reading: 'Hairline: reading',
    history: {
      mask: 'Hairline mask',
      selection: 'Hairline selection',
      channel: 'Hairline channel',
      layer: 'Hairline cut-out',
      'mask+colour': 'Hairline mask and colours',
    },
    channel: 'Hairline',
    oldMask: '{layer} mask',
    cutout: '{layer} cut-out',
    colours: '{layer} colours',
  },
};
