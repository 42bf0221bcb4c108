import { AppError } from '../../../errors.ts';
import { ServerLost } from '../connection.ts';
import { SourceError } from '../source.ts';

/**
 * Why a picture of a watched folder failed: `picture`: it cannot be done. `unfinished`: perhaps it is still being copied. `again`: it
 * may work the next time. `surroundings`: disk, network or server, which has nothing to do with the picture.
 */
export type Reason = 'picture' | 'unfinished' | 'again' | 'surroundings';

export function judge(error: unknown): Reason {
  if (error instanceof ServerLost) return 'surroundings';
  if (error instanceof SourceError) return 'unfinished';
  if (error instanceof AppError) {
    if (['TRUNCATED_IMAGE', 'NOT_AN_IMAGE', 'EMPTY_BODY'].includes(error.code)) return 'unfinished';
    if (error.code === 'INTERNAL' || error.code === 'INFERENCE_FAILED') return 'again';
    return error.status >= 500 ? 'surroundings' : 'picture';
  }
  // Of the file system, while results are written.
  return typeof (error as NodeJS.ErrnoException).code === 'string' ? 'surroundings' : 'again';
}
