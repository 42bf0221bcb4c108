import type { ForegroundMethod } from '../../../protocol/matte.ts';
import { blurFusion } from './blur-fusion.ts';
import { multiLevel } from './multi-level.ts';
import type { Estimate } from './painter.ts';

export const METHODS: Readonly<Record<ForegroundMethod, Estimate>> = { fast: blurFusion, best: multiLevel };
