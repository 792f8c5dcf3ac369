/**
 * Matches a name or a path against any of the globs. Without a list everything matches; an empty list, as an expression
 * may leave it, matches nothing. Names that begin with a dot count too, and `a/**` is what is inside `a`, not a file of
 * that name. As in Kestra's globs, `!` and `+(…)` mean nothing special, and `[!ab]` is any character but these.
 */
export async function matchGlobs(globs: readonly string[] | undefined): Promise<(path: string) => boolean> {
  if (globs === undefined) return () => true;
  // A leading slash says "from the namespace's root", which is where every glob begins anyway.
  const relative = globs.map((glob) => glob.replace(/^\/+/, '')).filter((glob) => glob !== '');
  if (relative.length === 0) return () => false;
  const { default: picomatch } = await import('picomatch');
  return picomatch(relative, {
    dot: true,
    strictSlashes: true,
    posix: true,
    nonegate: true,
    noextglob: true,
  });
}
