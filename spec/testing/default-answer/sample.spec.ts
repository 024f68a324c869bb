import { expect, it } from 'vitest';
import { z } from 'zod';
import { sampleOf } from '../../../lib/testing/default-answer/sample.ts';

const schemas = {
  'required properties only': z.object({ name: z.string(), age: z.int().optional() }),
  'nested objects and lists': z.object({ list: z.array(z.object({ x: z.number() })).min(2) }),
  'enums, literals and unions': z.object({
    one: z.enum(['a', 'b']),
    two: z.literal(7),
    three: z.union([z.number().min(5), z.string()]),
    four: z.null(),
    five: z.string().nullable(),
  }),
  'limits of numbers': z.object({
    a: z.number().min(3),
    b: z.number().gt(3),
    c: z.int().max(-2),
    d: z.number().multipleOf(5).min(7),
  }),
  'limits and formats of strings': z.object({
    a: z.string().min(20),
    b: z.string().max(3),
    c: z.email(),
    d: z.uuid(),
    e: z.iso.datetime(),
    f: z.url(),
    g: z.iso.date(),
  }),
  booleans: z.object({ ok: z.boolean() }),
  'a list at the root': z.array(z.string()).min(1),
  intersections: z.intersection(z.object({ a: z.string() }), z.object({ b: z.int() })),
};

it.each(Object.entries(schemas))('a sample satisfies its schema: %s', (_, schema) => {
  const sample = sampleOf(z.toJSONSchema(schema));
  expect(schema.safeParse(sample).error).toBeUndefined();
});

it('follows references', () => {
  const point = { type: 'object', properties: { x: { type: 'integer' } }, required: ['x'] };
  const schema = {
    type: 'object',
    properties: { at: { $ref: '#/$defs/point' } },
    required: ['at'],
    $defs: { point },
  };
  expect(sampleOf(schema)).toEqual({ at: { x: 0 } });
});

it('ends in a schema that contains itself', () => {
  const schema = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] };
  expect(() => JSON.stringify(sampleOf(schema))).not.toThrow();
});

it('prefers default, then examples', () => {
  expect(sampleOf({ type: 'string', default: 'tea' })).toBe('tea');
  expect(sampleOf({ type: 'string', examples: ['milk', 'juice'] })).toBe('milk');
});

it('is an empty object where there is no schema', () => {
  expect(sampleOf(undefined)).toEqual({});
});
