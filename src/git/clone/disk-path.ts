/** Where a path of the repository, as bytes in latin1, stands on disk; a Buffer where its bytes are no ASCII text. */
export function diskPath(root: string, path: string): string | Buffer {
  if (isAscii(path)) return `${root}/${path}`;
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
}

function isAscii(path: string): boolean {
  for (let at = 0; at < path.length; at++) if (path.charCodeAt(at) > 0x7f) return false;
  return true;
}
