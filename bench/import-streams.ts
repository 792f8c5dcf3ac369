import { createCipheriv } from 'node:crypto';
import { changedIndexes, type FileSet, gitDirectoryOf, makeFile } from './programs/contents.js';

const batch = 1000;

/** The first commit of a repository, for `git fast-import`. */
export function* filesStream(set: FileSet): Generator<Buffer> {
  yield Buffer.from(commitHeader('refs/heads/main', 0));
  for (let start = 0; start < set.count; start += batch) {
    const indexes = Array.from({ length: Math.min(batch, set.count - start) }, (_, at) => start + at);
    yield Buffer.from(indexes.map((index) => modify(set, index, 0)).join(''));
  }
}

/** One commit that changes some files. */
export function* revisionStream(
  set: FileSet,
  { ref, parent, changed, revision }: { ref: string; parent: string; changed: number; revision: number },
): Generator<Buffer> {
  yield Buffer.from(`${commitHeader(ref, revision)}from ${parent}\n`);
  const indexes = changedIndexes(set, changed, revision);
  yield Buffer.from(indexes.map((index) => modify(set, index, revision)).join(''));
}

/** Many commits, each with one changed file. */
export function* historyStream(set: FileSet, commits: number): Generator<Buffer> {
  yield* filesStream(set);
  for (let revision = 1; revision < commits; revision++) {
    const [index = 0] = changedIndexes(set, 1, revision);
    yield Buffer.from(`${commitHeader('refs/heads/main', revision)}${modify(set, index, revision)}`);
  }
}

/** Blobs that nothing can compress. */
export function* blobsStream(count: number, bytes: number): Generator<Buffer> {
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  yield Buffer.from(commitHeader('refs/heads/main', 0));
  for (let blob = 0; blob < count; blob++) {
    yield Buffer.from(`M 100644 inline _files/blob-${blob}.bin\ndata ${bytes}\n`);
    yield noise.update(Buffer.alloc(bytes));
    yield Buffer.from('\n');
  }
}

function commitHeader(ref: string, revision: number): string {
  const message = `Revision ${revision}`;
  const time = `${1_700_000_000 + revision} +0000`;
  return `commit ${ref}\ncommitter Ada <ada@example.org> ${time}\ndata ${message.length}\n${message}\n`;
}

function modify(set: FileSet, index: number, revision: number): string {
  const { path, content } = makeFile(set, index, revision);
  return `M 100644 inline ${gitDirectoryOf(set)}/${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`;
}
