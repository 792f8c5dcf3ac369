import * as z from 'zod';

/** Property types that also accept the strings a rendered expression leaves behind. */

/** `true`, `false`, or a string that renders to one of them. */
export const bool = () => anyBoolean;

const anyBoolean = z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })]);

/** A whole number within bounds, or a string that renders to one. */
export const integer = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  z.union([
    z.int().min(min).max(max),
    z
      .string()
      .regex(/^-?\d+$/, 'must be a whole number')
      .transform(Number)
      .pipe(z.int().min(min).max(max)),
  ]);

/** One string or a list of them, or the JSON text of a list; always a list afterwards. */
export const stringList = () => z.union([z.string().transform(listOf), z.array(z.string())]);

/** Only a list of strings in JSON is taken for one: `[ab]*` is a glob. */
function listOf(text: string): string[] {
  if (!text.trimStart().startsWith('[')) return [text];
  try {
    const list = z.array(z.string()).safeParse(JSON.parse(text));
    return list.success ? list.data : [text];
  } catch {
    return [text];
  }
}

/** As {@link directoryInside}, of the repository. */
export const repositoryDirectory = () => directoryInside('the repository');

/**
 * A directory inside another one: relative, `/`-separated, `.` for the root.
 * Comes out without `./` and trailing slashes; the root comes out as `''`.
 * @param root what it is in, for messages
 */
export const directoryInside = (root: string) =>
  z.string().transform((text, context) => {
    const parts = text.split('/').filter((part) => part !== '' && part !== '.');
    if (text.startsWith('/') || text.includes('\\') || text.includes('\0') || parts.includes('..')) {
      context.addIssue({
        code: 'custom',
        message: `must be a relative directory inside ${root}, without ".."`,
      });
      return z.NEVER;
    }
    if (parts.some((part) => part.toLowerCase() === '.git')) {
      context.addIssue({ code: 'custom', message: 'must not point into ".git"' });
      return z.NEVER;
    }
    return parts.join('/');
  });

/** A duration as ISO 8601 (`PT30S`, `P1DT2H`); comes out in milliseconds. */
export const duration = () =>
  z.union([
    z
      .number()
      .nonnegative()
      .transform((seconds) => seconds * 1000),
    z.string().transform((text, context) => {
      const match =
        /^P(?:(\d+(?:\.\d+)?)D)?(?:T(?=\d)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i.exec(
          text,
        );
      if (match === null || text.length === 1) {
        context.addIssue({ code: 'custom', message: 'must be an ISO 8601 duration such as PT30S' });
        return z.NEVER;
      }
      const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
      return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
    }),
  ]);
