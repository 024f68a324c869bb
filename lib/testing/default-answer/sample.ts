type Schema = Readonly<Record<string, unknown>>;

/** A small value that satisfies a simple JSON schema: required properties only, the first of every choice. */
export function sampleOf(schema: unknown): unknown {
  return isSchema(schema) ? sample(schema, schema, 0) : {};
}

/** Schemas that contain themselves end here. */
const maximumDepth = 20;

function sample(given: Schema, root: Schema, depth: number): unknown {
  const schema = resolve(given, root);
  if ('const' in schema) return schema.const;
  if ('default' in schema) return schema.default;
  for (const key of ['enum', 'examples']) {
    const values = schema[key];
    if (Array.isArray(values) && values.length > 0) return values[0];
  }
  if (depth > maximumDepth) return null;
  const inside = (value: unknown) => sample(isSchema(value) ? value : {}, root, depth + 1);

  switch (typeOf(schema)) {
    case 'object': {
      const properties = isSchema(schema.properties) ? schema.properties : {};
      const required = Array.isArray(schema.required) ? schema.required : [];
      return Object.fromEntries(required.map(name => [name, inside(properties[name])]));
    }
    case 'array':
      return Array.from({ length: number(schema.minItems, 0) }, () => inside(schema.items));
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'integer':
    case 'number':
      return sampleNumber(schema);
    default:
      return sampleString(schema);
  }
}

/** Follows `$ref`, takes the first of `anyOf` and `oneOf`, and merges `allOf`. */
function resolve(schema: Schema, root: Schema): Schema {
  const { $ref: reference, anyOf, oneOf, allOf, ...own } = schema;
  const choices = anyOf ?? oneOf;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const others: unknown[] = Array.isArray(allOf) ? allOf : [];
  if (typeof reference === 'string') others.push(lookUp(reference, root));
  const parts = [own, first, ...others].filter(isSchema);
  if (parts.length === 1) return own;

  const merged = parts.map(part => (part === own ? own : resolve(part, root)));
  return Object.assign({}, ...merged, {
    ...(merged.some(part => part.properties) && {
      properties: Object.assign({}, ...merged.map(part => part.properties ?? {})),
      required: merged.flatMap(part => (Array.isArray(part.required) ? part.required : [])),
    }),
  });
}

function lookUp(reference: string, root: Schema): unknown {
  let found: unknown = root;
  for (const key of reference.replace(/^#\/?/, '').split('/').filter(Boolean))
    found = isSchema(found) ? found[key] : undefined;
  return found;
}

function typeOf(schema: Schema): unknown {
  if (Array.isArray(schema.type)) return schema.type[0];
  if (schema.type !== undefined) return schema.type;
  return schema.properties === undefined ? 'string' : 'object';
}

function sampleNumber(schema: Schema): number {
  const lowest =
    'exclusiveMinimum' in schema ? number(schema.exclusiveMinimum, 0) + 1 : number(schema.minimum, 0);
  const highest =
    'exclusiveMaximum' in schema ? number(schema.exclusiveMaximum, 1) - 1 : number(schema.maximum, lowest);
  const step = number(schema.multipleOf, 1);
  return Math.ceil(Math.min(lowest, highest) / step) * step;
}

function sampleString(schema: Schema): string {
  const text = typeof schema.format === 'string' ? (formats[schema.format] ?? 'offline') : 'offline';
  return text
    .padEnd(number(schema.minLength, 0), '.')
    .slice(0, number(schema.maxLength, Number.POSITIVE_INFINITY));
}

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  time: '00:00:00Z',
  duration: 'P1D',
  email: 'someone@example.com',
  hostname: 'example.com',
  ipv4: '127.0.0.1',
  ipv6: '::1',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
};

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
