/** Files in `gitDirectory` that hold gitignore rules for flowgit. They are never synced, pushed or deleted themselves. */
export const ignoreFileNames: readonly string[] = ['.kestraignore', '.flowgitignore'];

/** Answers whether a path, relative to `gitDirectory`, is out of bounds. */
export type IgnoreRules = (path: string) => boolean;

/** Rules of all given files together; later lines win, as in one gitignore file. */
export async function ignoreRules(files: readonly string[]): Promise<IgnoreRules> {
  if (files.length === 0) return (path) => ignoreFileNames.includes(path);
  const { default: ignore } = await import('ignore');
  const rules = ignore({ ignorecase: false });
  for (const text of files) rules.add(text.replace(/^\uFEFF/, ''));
  return (path) => {
    if (ignoreFileNames.includes(path)) return true;
    return ignore.isPathValid(path) && rules.ignores(path);
  };
}
