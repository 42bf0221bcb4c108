import type { Layer as PsdLayer } from 'ag-psd';
import type { LayerRecord } from './psd-records.ts';

type Value = Record<string, unknown>;
/** What batchPlay tells of an adjustment or fill layer, in the first place of its `adjustment` list. */
export type Adjustment = Value & { readonly _obj: string };

type Source = NonNullable<PsdLayer['adjustment']>;
type Fill = NonNullable<PsdLayer['vectorFill']>;
type Of<Type extends Source['type']> = Extract<Source, { type: Type }>;
type Table = { [Type in Source['type']]: (from: Of<Type>) => Adjustment };
type Color = Extract<Fill, { type: 'color' }>['color'];
type Stops = Partial<Pick<Extract<Fill, { type: 'solid' }>, 'name' | 'smoothness' | 'colorStops' | 'opacityStops'>>;

const presetKind = { _enum: 'presetKindType', _value: 'presetKindCustom' };
const percent = (value: number) => ({ _unit: 'percentUnit', _value: value });
const channelOf = (name: string) => ({
  _ref: 'channel',
  _enum: 'channel',
  _value: name === 'rgb' ? 'composite' : name,
});
const method = { _enum: 'gradientInterpolationMethodType', _value: 'perceptual' };

/** A file keeps green as "grain": both are `Grn ` in the oldest names. */
function colorOf(color: Color): Value {
  if ('c' in color) {
    return { _obj: 'CMYKColorClass', cyan: color.c, magenta: color.m, yellowColor: color.y, black: color.k };
  }
  if ('fr' in color) return { _obj: 'RGBColor', redFloat: color.fr, greenFloat: color.fg, blueFloat: color.fb };
  if ('l' in color) return { _obj: 'labColor', luminance: color.l, a: color.a, b: color.b };
  if ('k' in color) return { _obj: 'grayscale', gray: color.k };
  if ('h' in color) return { _obj: 'HSBColor', hue: color.h, saturation: color.s, brightness: color.b };
  return { _obj: 'RGBColor', red: color.r, grain: color.g, blue: color.b };
}

function gradientOf({ name, smoothness, colorStops = [], opacityStops = [] }: Stops): Value {
  const scaled = (location: number) => Math.round(location * 4096);
  return {
    _obj: 'gradientClassEvent',
    name: name ?? '',
    gradientForm: { _enum: 'gradientForm', _value: 'customStops' },
    interfaceIconFrameDimmed: smoothness ?? 4096,
    colors: colorStops.map(({ color, location, midpoint }) => ({
      ...{ _obj: 'colorStop', color: colorOf(color), type: { _enum: 'colorStopType', _value: 'userStop' } },
      ...{ location: scaled(location), midpoint: Math.round(midpoint * 100) },
    })),
    transparency: opacityStops.map(({ opacity, location, midpoint }) => ({
      ...{ _obj: 'transferSpec', opacity: percent(opacity * 100) },
      ...{ location: scaled(location), midpoint: Math.round(midpoint * 100) },
    })),
  };
}

const mixed = (channel: { red: number; green: number; blue: number; constant: number } | undefined): Value => ({
  ...{ _obj: 'channelMatrix', red: percent(channel?.red ?? 0), grain: percent(channel?.green ?? 0) },
  ...{ blue: percent(channel?.blue ?? 0), constant: percent(channel?.constant ?? 0) },
});

const channels = ['rgb', 'red', 'green', 'blue'] as const;
const hues = ['reds', 'yellows', 'greens', 'cyans', 'blues', 'magentas', 'whites', 'neutrals', 'blacks'] as const;
const balanced = (values: { cyanRed: number; magentaGreen: number; yellowBlue: number } | undefined) =>
  values ? [values.cyanRed, values.magentaGreen, values.yellowBlue] : [0, 0, 0];

const adjustments: Table = {
  'brightness/contrast': ({ brightness = 0, contrast = 0, useLegacy = false }) => ({
    ...{ _obj: 'brightnessEvent', brightness, center: contrast, useLegacy },
  }),
  levels: (from) => ({
    ...{ _obj: 'levels', presetKind },
    adjustment: channels.flatMap((name) => {
      const at = from[name];
      if (!at) return [];
      const input = [at.shadowInput, at.highlightInput];
      const output = [at.shadowOutput, at.highlightOutput];
      return [{ _obj: 'levelsAdjustment', channel: channelOf(name), input, gamma: at.midtoneInput, output }];
    }),
  }),
  curves: (from) => ({
    ...{ _obj: 'curves', transferFunction: 0, presetKind },
    adjustment: channels.flatMap((name) => {
      const curve = from[name]?.map(({ input, output }) => ({ _obj: 'paint', horizontal: input, vertical: output }));
      return curve ? [{ _obj: 'curvesAdjustment', channel: channelOf(name), curve }] : [];
    }),
  }),
  exposure: ({ exposure = 0, offset = 0, gamma = 1 }) => ({
    ...{ _obj: 'exposure', presetKind, exposure, offset, gammaCorrection: gamma },
  }),
  vibrance: ({ vibrance = 0, saturation = 0 }) => ({
    ...{ _obj: 'vibrance', whiteBalancePopupIndex: 0, temperature: 0, tint: 0, useLegacy: false, vibrance, saturation },
  }),
  'hue/saturation': ({ master }) => ({
    ...{ _obj: 'hueSaturation', presetKind, GeneratedPreset: false, colorize: false },
    ...(master && {
      adjustment: [
        { _obj: 'hueSatAdjustmentV2', hue: master.hue, saturation: master.saturation, lightness: master.lightness },
      ],
    }),
  }),
  'color balance': ({ shadows, midtones, highlights, preserveLuminosity = true }) => ({
    ...{ _obj: 'colorBalance', shadowLevels: balanced(shadows), midtoneLevels: balanced(midtones) },
    ...{ highlightLevels: balanced(highlights), preserveLuminosity },
  }),
  'black & white': (from) => ({
    ...{
      _obj: 'blackAndWhite',
      presetKind,
      red: from.reds ?? 40,
      yellow: from.yellows ?? 60,
      grain: from.greens ?? 40,
    },
    ...{ cyan: from.cyans ?? 60, blue: from.blues ?? 20, magenta: from.magentas ?? 80, useTint: from.useTint === true },
    tintColor: colorOf(from.tintColor ?? { r: 225, g: 211, b: 179 }),
  }),
  'photo filter': ({ color = { l: 67, a: 32, b: 120 }, density = 25, preserveLuminosity = true }) => ({
    ...{ _obj: 'photoFilter', color: colorOf(color), density, preserveLuminosity },
  }),
  'channel mixer': ({ monochrome = false, red, green, blue }) => ({
    ...{
      _obj: 'channelMixer',
      presetKind,
      monochromatic: monochrome,
      red: mixed(red),
      grain: mixed(green),
      blue: mixed(blue),
    },
  }),
  'color lookup': ({ lookupType = '3dlut', dither = true, name, profile = new Uint8Array() }) => ({
    ...{ _obj: 'colorLookup', lookupType: { _enum: 'colorLookupType', _value: lookupType }, dither },
    profile: { _rawData: 'base64', _data: Buffer.from(profile).toString('base64') },
    ...(name === undefined ? {} : { name }),
  }),
  invert: () => ({ _obj: 'invert' }),
  posterize: ({ levels = 4 }) => ({ _obj: 'posterization', levels }),
  threshold: ({ level = 128 }) => ({ _obj: 'thresholdClassEvent', level }),
  'gradient map': ({ reverse = false, dither = false, ...gradient }) => ({
    ...{ _obj: 'gradientMapClass', reverse, dither, gradientsInterpolationMethod: method },
    gradient: gradientOf(gradient),
  }),
  'selective color': (from) => ({
    ...{ _obj: 'selectiveColor', presetKind, method: { _enum: 'correctionMethod', _value: from.mode ?? 'relative' } },
    colorCorrection: hues.flatMap((name) => {
      const ink = from[name];
      if (!ink) return [];
      const inks = {
        cyan: percent(ink.c),
        magenta: percent(ink.m),
        yellowColor: percent(ink.y),
        black: percent(ink.k),
      };
      return [{ _obj: 'colorCorrection', colors: { _enum: 'colors', _value: name }, ...inks }];
    }),
  }),
};

function fillOf(fill: Fill): Adjustment {
  if (fill.type === 'color') return { _obj: 'solidColorLayer', color: colorOf(fill.color) };
  if (fill.type === 'pattern') {
    return { _obj: 'patternLayer', pattern: { _obj: 'pattern', name: fill.name, ID: fill.id } };
  }
  return {
    ...{ _obj: 'gradientLayer', gradientsInterpolationMethod: method, noisePreSeed: 0 },
    angle: { _unit: 'angleUnit', _value: fill.angle ?? 90 },
    type: { _enum: 'gradientType', _value: fill.style ?? 'linear' },
    gradient: gradientOf(fill as Stops),
  };
}

/** Null for layers that are neither. Values of Grain and Clarity are Photoshop's first ones: ag-psd does not read them. */
export function adjustmentOf(source: PsdLayer, record: LayerRecord | undefined): Adjustment | null {
  if (record?.has('grnA')) {
    return { _obj: 'grainAdjustment', grainAmount: 25, grainSize: 25, grainRoughness: 50, grainSeed: 0 };
  }
  if (record?.has('clrd')) return { _obj: 'clarity', clarity: 0, dehaze: 0 };
  const describe = source.adjustment && (adjustments[source.adjustment.type] as (from: Source) => Adjustment);
  if (describe) return describe(source.adjustment!);
  return source.vectorFill && !source.vectorMask ? fillOf(source.vectorFill) : null;
}
