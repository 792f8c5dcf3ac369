import { isAscii } from '../objects/raw-tree.js';

/** Where a path of the repository, as bytes in latin1, stands on disk; a Buffer where its bytes are no ASCII text. */
export function diskPath(root: string, path: string): string | Buffer {
  if (isAscii(path)) return `${root}/${path}`;
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
}
