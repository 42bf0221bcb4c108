import type { Net } from '../net.ts';
import { cancel } from './cancel.ts';
import { checkComplete, dropDead } from './dead.ts';
import { fuseAffine } from './fuse-affine.ts';
import { fuseHardSwish } from './fuse-hard-swish.ts';
import { fusePad } from './fuse-pad.ts';
import { narrowSplits } from './narrow.ts';

/** Tidies a lowered graph. Each pass leaves what it replaced unread; dropping the dead between them frees readers. */
export function optimize(net: Net): Net {
  const passes = [cancel, fuseHardSwish, fuseAffine, fusePad, narrowSplits, cancel];
  const result = passes.reduce((current, pass) => dropDead(pass(current)), dropDead(net));
  checkComplete(result);
  return result;
}
