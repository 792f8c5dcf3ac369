/** What git-check-ref-format(1) forbids in a ref's name below `refs/`, and how to say it. */
export const refNameRules: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^$/, 'is empty'],
  [/[\p{Cc}\p{Surrogate}]/u, 'holds a control character'],
  [/[ ~^:?*[\\]/, 'holds a space or one of ~ ^ : ? * [ \\'],
  [/^\/|\/$|\/\//, 'has an empty part between slashes'],
  [/(^|\/)\./, 'has a part that begins with a dot'],
  [/\.lock(\/|$)/, 'has a part that ends with ".lock"'],
  [/\.\.|\.$/, 'holds ".." or ends with a dot'],
  [/@\{|^@$/, 'holds "@{" or is "@"'],
];

/** Whether git would keep a ref of that full name: then it is safe as a path and as a word of a line, too. */
export function isRefName(name: string): boolean {
  return name.startsWith('refs/') && !refNameRules.some(([pattern]) => pattern.test(name));
}
