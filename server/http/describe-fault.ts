import type { TObject, TSchema } from 'typebox';

/** A violation of a schema, as Ajv and TypeBox report it. */
interface Fault {
  instancePath: string;
  params: object;
}

/**
 * The first violation of an object's schema, as a sentence. What is allowed comes from the schema itself.
 * @param noun what its properties are called
 */
export function describeFault(noun: string, schema: TObject, given: unknown, [fault]: readonly Fault[]): string {
  const { instancePath = '', params = {} } = fault ?? {};
  const name = 'additionalProperty' in params ? String(params.additionalProperty) : instancePath.slice(1);
  if (name === '') return `The body must be an object of known ${noun}s.`;
  const property = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  if (!property) return `The ${noun} "${name}" is not known.`;
  const value = (given as Record<string, unknown>)[name];
  if (Array.isArray(value)) return `The ${noun} "${name}" may be given only once.`;
  return `The ${noun} "${name}" must be ${describeShape(property)}.`;
}

function describeShape(schema: TSchema): string {
  const {
    enum: choices,
    title,
    examples,
    minimum,
    maximum,
    maxLength,
    type,
  } = schema as Partial<{
    enum: readonly (string | number)[];
    title: string;
    examples: readonly string[];
    minimum: number;
    maximum: number;
    maxLength: number;
    type: string;
  }>;
  if (choices) return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
  if (title) return `${title}, like "${examples?.[0]}"`;
  if (maxLength) return `a text of at most ${maxLength} characters`;
  const number = type === 'integer' ? 'a whole number' : 'a number';
  return maximum === undefined ? `${number} of at least ${minimum}` : `${number} from ${minimum} to ${maximum}`;
}
