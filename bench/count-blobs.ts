import { chmod, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './git.js';

/** Writes a program that keeps a copy of every pack a server sends, in the directory it lies in. */
export async function writePackKeeper(directory: string): Promise<string> {
  const program = join(directory, 'keep-pack');
  await writeFile(program, '#!/bin/sh\n"$@" | tee "$(dirname "$0")/sent-$$"\n');
  await chmod(program, 0o755);
  return program;
}

/** How many blobs were in the packs that were sent since the last call, as git reads them. */
export async function countSentBlobs(directory: string): Promise<number> {
  let blobs = 0;
  for (const name of await readdir(directory)) {
    if (!/^sent-\d+$/.test(name)) continue;
    const sent = join(directory, name);
    const pack = `${sent}.${process.hrtime.bigint()}.pack`;
    const { size } = await stat(sent);
    await rename(sent, pack);
    if (size === 0) continue;
    await git(['index-pack', pack]);
    const listing = (await git(['verify-pack', '-v', pack])).toString();
    blobs += listing.split('\n').filter((line) => /^[0-9a-f]{40} blob /.test(line)).length;
  }
  return blobs;
}
