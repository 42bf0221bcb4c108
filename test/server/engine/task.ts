import type { MatteTask } from '../../../server/engine/engine.ts';

export const TASK: MatteTask = {
  layout: null,
  model: 'stand-in',
  subject: 'portrait',
  refine: 'fast',
  output: 'alpha',
  depth: 8,
  background: 'white',
  foreground: 'fast',
  decontaminate: 1,
  cutoutLayer: false,
  region: null,
  subjects: 'all',
  point: null,
  enhance: 'off',
  profile: 'keep',
  metadata: 'keep',
  type: 'text/plain',
};
