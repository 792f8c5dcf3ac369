import * as z from 'zod';

/**
 * `z.object`, `z.strictObject` and `z.looseObject` whose properties are made when one of them is first looked at. A
 * process loads the schemas of all tasks and uses those of one: making the others took 6 ms of every start.
 */
export function object<S extends z.core.$ZodLooseShape>(shape: () => S) {
  return lazy<S, z.core.$strip>(shape, undefined);
}

export function strictObject<S extends z.core.$ZodLooseShape>(shape: () => S) {
  return lazy<S, z.core.$strict>(shape, nothing);
}

export function looseObject<S extends z.core.$ZodLooseShape>(shape: () => S) {
  return lazy<S, z.core.$loose>(shape, anything);
}

const nothing = z.never();
const anything = z.unknown();

/** zod reads the shape of an object when it parses or describes one, and takes a getter as it is. */
function lazy<S extends z.core.$ZodLooseShape, C extends z.core.$ZodObjectConfig>(
  makeShape: () => S,
  catchall: z.ZodType | undefined,
) {
  let made: S | undefined;
  return new z.ZodObject({
    type: 'object',
    get shape() {
      made ??= makeShape();
      return made;
    },
    catchall,
  }) as z.ZodObject<z.core.util.Writeable<S>, C>;
}
