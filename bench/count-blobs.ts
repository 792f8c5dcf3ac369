import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './git.js';

/** Writes a program that keeps a copy of every pack a server sends, in the directory it lies in. */
export async function writePackKeeper(directory: string): Promise<string> {
  const program = join(directory, 'keep-pack');
  await writeFile(program, '#!/bin/sh\n"$@" | tee "$(dirname "$0")/sent-$$"\n');
  await chmod(program, 0o755);
  return program;
}

/** How many blobs were in the packs that a server sent from a repository since the last call, as git reads them. */
export async function countSentBlobs(directory: string, repository: string): Promise<number> {
  let blobs = 0;
  for (const name of await readdir(directory)) {
    if (!/^sent-\d+$/.test(name)) continue;
    const pack = await readFile(join(directory, name));
    await rm(join(directory, name));
    if (pack.length > 0) blobs += await countBlobs(pack, directory, repository);
  }
  return blobs;
}

/**
 * A pack may hold deltas against objects that were not sent. A repository that borrows from the served one has them; git
 * puts them behind the objects that were sent, whose number is in the header (gitformat-pack(5)).
 */
async function countBlobs(pack: Buffer, directory: string, repository: string): Promise<number> {
  const scratch = await mkdtemp(join(directory, 'read-'));
  await git(['init', '--quiet', '--bare', scratch]);
  await writeFile(join(scratch, 'objects/info/alternates'), `${join(repository, 'objects')}\n`);
  const told = await git(['-C', scratch, 'index-pack', '--stdin', '--fix-thin'], [pack]);
  const id = told.toString().trim().split('\t')[1] ?? '';
  const index = join(scratch, 'objects/pack', `pack-${id}.idx`);
  const listing = (await git(['-C', scratch, 'verify-pack', '-v', index])).toString();
  const objects = listing
    .split('\n')
    .map((line) => /^[0-9a-f]{40} (commit|tree|blob|tag) +\d+ \d+ (\d+)/.exec(line))
    .filter((match) => match !== null)
    .sort((a, b) => Number(a[2]) - Number(b[2]));
  return objects.slice(0, pack.readUInt32BE(8)).filter(([, type]) => type === 'blob').length;
}
