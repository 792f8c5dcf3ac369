/** A text as PostgreSQL takes it: it has no place for NUL, nor for half a surrogate pair. */
export function databaseText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** A value as JSON that PostgreSQL takes. */
export function databaseJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'string') return databaseText(part);
    if (typeof part === 'bigint') return String(part);
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([name, item]) => [databaseText(name), item]));
  });
}
