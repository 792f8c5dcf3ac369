import { CorruptPackError } from '../../errors.js';

/** One line of a tree. `name` holds the name's bytes as latin1, so that a name that is not UTF-8 survives a rewrite. */
export interface RawTreeEntry {
  /** As it stands in the tree, without leading zero: `40000`, `100644`, `100755`, `120000`, `160000`. */
  mode: string;
  name: string;
  oid: string;
}

export const treeMode = '40000';
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
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  // Two texts of the whole, of which modes, names and ids are parts: a call for each of them takes longer.
  const text = bytes.toString('latin1');
  const hex = bytes.toString('hex');
  const entries: RawTreeEntry[] = [];
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(' ', at);
    const nul = text.indexOf('\0', at);
    if (space < 0 || nul < space || nul + oidBytes >= text.length) throw malformed(at);
    const mode = readMode(text.slice(at, space));
    if (mode === null) throw malformed(at);
    const name = text.slice(space + 1, nul);
    at = nul + 1 + oidBytes;
    entries.push({ mode, name, oid: hex.slice(2 * (nul + 1), 2 * at) });
  }
  return entries;
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
