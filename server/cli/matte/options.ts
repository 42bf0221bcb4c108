import type {
  Depth,
  Enhance,
  ForegroundMethod,
  Kept,
  ProfileChoice,
  Refine,
  Subject,
} from '../../../protocol/matte.ts';
import type { Framing } from '../../imaging/framing.ts';
import type { FileOutput, Format } from './plan.ts';

interface Size {
  width: number;
  height: number;
}

/** `hairline matte`, as typed. */
export interface MatteOptions {
  outputDir: string;
  /** Absent: alpha, composition and foreground. */
  outputs?: FileOutput[];
  saveForeground: boolean;
  format: Format;
  /** Absent: the picture's. */
  depth?: Depth;
  profile: ProfileChoice;
  /** False: results have none. */
  metadata: boolean;
  /** False: results do not say how they were made. */
  provenance: boolean;
  /** Keeps GPS. */
  keepLocation?: boolean;
  /** Adds the cutout to documents, as a hidden layer. */
  psdCutout?: boolean;
  /** Adds the outline to documents and color TIFFs, as their clipping path. */
  clippingPath?: boolean;
  /** Pixels. */
  pathTolerance?: number;
  /** Documents get a mask on a layer instead of new pictures. */
  into?: 'psd';
  /** Name of that layer. */
  layer?: string;
  /** Replaces the documents themselves. */
  inPlace?: boolean;
  /** A color, or the path or URL of a picture. */
  background: string;
  /** Template for the names of results. */
  name?: string;
  /** Cuts results to the subject. */
  trim?: boolean;
  margin?: Framing['margin'];
  size?: Size;
  fit?: Framing['fit'];
  align?: Framing['align'];
  /** Under cutouts and compositions. */
  shadow?: boolean;
  /** 0..1 */
  shadowOpacity?: number;
  subject: Subject;
  refine: Refine;
  /** `left,top,width,height` and `x,y`, already validated. */
  region?: string;
  subjects?: Kept;
  point?: string;
  /** A mask whose edge is found anew, or a folder of such. */
  mask?: string;
  enhance: Enhance;
  /** How colors under soft edges are estimated. */
  foreground: ForegroundMethod;
  /** 0..1 */
  decontaminate: number;
  model?: string;
  cacheDir?: string;
  device?: string;
  force?: boolean;
  /** Makes results of earlier models and versions again. */
  redoOlder?: boolean;
  /** A folder whose pictures are taken as they come. */
  watch?: string;
  /** Takes what can be read of damaged files. */
  allowDamaged?: boolean;
  json?: boolean;
}
