import { CorruptPackError } from '../../errors.js';

/** One line of a tree. `name` holds the name's bytes as latin1, so that a name that is not UTF-8 survives a rewrite. */
export interface RawTreeEntry {
  /** As it stands in the tree, without leading zero: `40000`, `100644`, `100755`, `120000`, `160000`. */
  mode: string;
  name: string;
  oid: string;
}

export const treeMode = '40000';

/** `40000` is a directory; the others are those of `GitMode`. */
export type TreeMode = '40000' | '100644' | '100755' | '120000' | '160000';

const modes = new Map<string, TreeMode>([
  ['40000', '40000'],
  ['040000', '40000'],
  ['100644', '100644'],
  ['100755', '100755'],
  ['120000', '120000'],
  ['160000', '160000'],
]);

/**
 * What git takes a mode for, also one of a file that it would not write any more; undefined for an unknown one. One
 * string for all entries of a mode, and not the one that was cut out of the tree.
 */
export function normalMode(written: string): TreeMode | undefined {
  const mode = written === '100644' ? '100644' : modes.get(written);
  if (mode !== undefined || !/^100[0-7]{3}$/.test(written)) return mode;
  return (Number.parseInt(written, 8) & 0o100) === 0 ? '100644' : '100755';
}

const oidBytes = 20;

/** A tree's content, in git's order: by bytes, with a directory compared as if its name ended in a slash. */
export function encodeTree(entries: Iterable<RawTreeEntry>): Buffer {
  const sorted = [...entries].sort(compareEntries);
  let length = 0;
  for (const entry of sorted) length += entry.mode.length + entry.name.length + 22;
  const content = Buffer.allocUnsafe(length);
  let at = 0;
  for (const { mode, name, oid } of sorted) {
    at += content.write(`${mode} ${name}\0`, at, 'latin1');
    at += content.write(oid, at, 'hex');
  }
  return content;
}

/**
 * The lines of a tree, whatever they name: the reverse of {@link encodeTree}. Modes that old tools padded with zeros
 * lose them, as they do in git's own index.
 * @throws CorruptPackError
 */
export function decodeRawTree(content: Uint8Array): RawTreeEntry[] {
  const entries: RawTreeEntry[] = [];
  visitRawTree(content, (mode, name, oid) => entries.push({ mode, name, oid }));
  return entries;
}

/**
 * As {@link decodeRawTree}, without an object for each line.
 * @throws CorruptPackError, after the lines before the broken one were visited
 */
export function visitRawTree(
  content: Uint8Array,
  visit: (mode: string, name: string, oid: string) => void,
): void {
  const cutAt = scanTree(content, (written, name, oid, at) => {
    const mode = readMode(written);
    if (mode === null) throw malformed(at);
    visit(mode, name, oid);
  });
  if (cutAt !== -1) throw malformed(cutAt);
}

/** Tells names that come for the first time. As long as each is behind the one before, none has to be looked up. */
export function distinctNames(): (name: string) => boolean {
  const ascending: string[] = [];
  let names: Set<string> | null = null;
  let last = '';
  return (name) => {
    if (names === null && name > last) {
      last = name;
      ascending.push(name);
      return true;
    }
    names ??= new Set(ascending);
    const isNew = !names.has(name);
    names.add(name);
    return isNew;
  };
}

/**
 * Walks through a tree's lines: of each the mode as written, the name's bytes as latin1, the id, and where it begins.
 * @returns where a line begins that is cut off, or -1
 */
export function scanTree(
  content: Uint8Array,
  visit: (mode: string, name: string, oid: string, at: number) => void,
): number {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  // Two texts of the whole, of which modes, names and ids are parts: a call for each of them takes longer.
  const text = bytes.toString('latin1');
  const hex = bytes.toString('hex');
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(' ', at);
    const nul = space === -1 ? -1 : text.indexOf('\0', space + 1);
    const end = nul + 1 + oidBytes;
    if (nul === -1 || end > text.length) return at;
    visit(text.slice(at, space), text.slice(space + 1, nul), hex.slice(2 * (nul + 1), 2 * end), at);
    at = end;
  }
  return -1;
}

function readMode(written: string): string | null {
  if (written === '100644' || written === treeMode) return written;
  const mode = written.replace(/^0+/, '');
  return /^[0-7]{5,6}$/.test(mode) ? mode : null;
}

function malformed(at: number): CorruptPackError {
  return new CorruptPackError(`A tree is malformed at byte ${at}.`);
}

/** A path segment as {@link RawTreeEntry} names hold it, and back. */
export function toRawName(segment: string): string {
  return Buffer.from(segment, 'utf8').toString('latin1');
}

export function fromRawName(name: string): string {
  if (isAscii(name)) return name;
  return Buffer.from(name, 'latin1').toString('utf8');
}

function compareEntries(a: RawTreeEntry, b: RawTreeEntry): number {
  const left = a.mode === treeMode ? `${a.name}/` : a.name;
  const right = b.mode === treeMode ? `${b.name}/` : b.name;
  return left < right ? -1 : left > right ? 1 : 0;
}

export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
