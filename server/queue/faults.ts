import { AppError } from '../errors.ts';
import { SealError } from './seal.ts';

/** Reasons of failed jobs, where a worker cannot seal an outcome: the picture has to be put in again, or was changed. */
export const LOST = 'lost';
export const TAMPERED = 'tampered';

/** What a failure of the queue means to the client. */
export function explainFault(error: unknown): Error {
  if (error instanceof SealError) return new AppError('QUEUE_TAMPERED', undefined, { cause: error });
  const { name, message } = error as Error;
  if (name !== 'ReplyError') return error as Error;
  if (message.includes('OOM ')) return new AppError('QUEUE_FULL', 'The queue of the studio is full.', { cause: error });
  return new AppError('QUEUE_UNREACHABLE', undefined, { cause: error });
}

/** @param reason of a job that BullMQ has ended */
export function explainFailure(reason: string): AppError {
  if (reason === TAMPERED) return new AppError('QUEUE_TAMPERED');
  if (reason.includes('stalled'))
    return new AppError('INFERENCE_FAILED', 'Each computer of the studio that was given this picture stopped working.');
  return new AppError('INTERNAL', undefined, { cause: new Error(reason) });
}
