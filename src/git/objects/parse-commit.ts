import { CorruptPackError } from '../../errors.js';

export interface ParsedCommit {
  tree: string;
  parents: string[];
  author: ParsedSignature;
  committer: ParsedSignature;
  message: string;
}

export interface ParsedSignature {
  name: string;
  email: string;
  /** Seconds since the epoch. */
  timestamp: number;
}

const endOfHeaders = Buffer.from('\n\n');

/**
 * Reads a commit object. A broken signature line, which old tools wrote, is read as far as it goes; a missing tree is
 * an error.
 */
export function parseCommit(data: Uint8Array, oid: string): ParsedCommit {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const end = bytes.indexOf(endOfHeaders);
  const headerEnd = end === -1 ? bytes.length : end;
  const headers = readHeaders(bytes.toString('latin1', 0, headerEnd));
  const tree = headers.get('tree')?.[0] ?? '';
  if (!/^[\da-f]{40}$/.test(tree)) {
    throw new CorruptPackError(`The commit ${oid} is broken: it names no tree.`, { data: { oid } });
  }
  const decode = decoder(headers.get('encoding')?.[0]);
  return {
    tree,
    parents: headers.get('parent') ?? [],
    author: parseSignature(headers.get('author')?.[0] ?? '', decode),
    committer: parseSignature(headers.get('committer')?.[0] ?? '', decode),
    message: end === -1 ? '' : decode(bytes.subarray(end + endOfHeaders.length)),
  };
}

/** What an annotated tag points at. */
export function parseTag(data: Uint8Array, oid: string): { object: string; type: string; name: string } {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const end = bytes.indexOf(endOfHeaders);
  const headers = readHeaders(bytes.toString('latin1', 0, end === -1 ? bytes.length : end));
  const object = headers.get('object')?.[0] ?? '';
  if (!/^[\da-f]{40}$/.test(object)) {
    throw new CorruptPackError(`The tag ${oid} is broken: it names no object.`, { data: { oid } });
  }
  const name = Buffer.from(headers.get('tag')?.[0] ?? '', 'latin1').toString('utf8');
  return { object, type: headers.get('type')?.[0] ?? '', name };
}

/** Header → its values; lines that begin with a space go on with the one before. */
function readHeaders(text: string): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of text.replace(/\n /g, '\0').split('\n')) {
    const space = line.indexOf(' ');
    if (space === -1) continue;
    const name = line.slice(0, space);
    const value = line.slice(space + 1).replaceAll('\0', '\n');
    const values = headers.get(name);
    if (values) values.push(value);
    else headers.set(name, [value]);
  }
  return headers;
}

function parseSignature(latin1: string, decode: (bytes: Uint8Array) => string): ParsedSignature {
  const line = decode(Buffer.from(latin1, 'latin1'));
  const [, name = line, email = '', timestamp = '0'] = /^(.*?) ?<([^>]*)>(?: (-?\d+))?/.exec(line) ?? [];
  return { name, email, timestamp: Number(timestamp) };
}

/** Messages are UTF-8 unless the commit says otherwise (git-commit(1), "Discussion"). */
function decoder(encoding: string | undefined): (bytes: Uint8Array) => string {
  try {
    const text = new TextDecoder(encoding ?? 'utf-8', { ignoreBOM: true });
    return (bytes) => text.decode(bytes);
  } catch {
    return (bytes) => Buffer.from(bytes).toString('utf8');
  }
}
