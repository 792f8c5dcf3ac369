import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { looseObject, object, strictObject } from '../../schemas/lazy-object.js';

const shape = { id: z.string().describe('Its name.'), count: z.int().default(1) };

describe('an object whose properties are made later', () => {
  it('makes them when it is first used, and once', () => {
    let made = 0;
    const schema = strictObject(() => {
      made++;
      return shape;
    });
    const described = schema.describe('A thing.').optional();
    expect(made).toBe(0);
    expect(schema.parse({ id: 'a' })).toEqual({ id: 'a', count: 1 });
    expect(described.parse({ id: 'a', count: 2 })).toEqual({ id: 'a', count: 2 });
    expect(Object.keys(schema.shape)).toEqual(['id', 'count']);
    expect(made).toBe(1);
  });

  it.each([
    ['object', object(() => shape), z.object(shape)],
    ['strictObject', strictObject(() => shape), z.strictObject(shape)],
    ['looseObject', looseObject(() => shape), z.looseObject(shape)],
  ] as const)('%s takes and describes what zod takes and describes', (_name, lazy, eager) => {
    for (const value of [{ id: 'a' }, { id: 'a', count: 2, more: true }, { id: 1 }, {}, null]) {
      expect(lazy.safeParse(value)).toEqual(eager.safeParse(value));
    }
    expect(z.toJSONSchema(lazy)).toEqual(z.toJSONSchema(eager));
    expect(lazy.extend({ more: z.boolean() }).safeParse({ id: 'a', more: 1 })).toEqual(
      eager.extend({ more: z.boolean() }).safeParse({ id: 'a', more: 1 }),
    );
  });
});
