// isomorphic-git used plainly, as its README shows: the same jobs, without anything of ours.
//   node isomorphic.js JOB [repeat]
import * as nodeFs from 'node:fs';
import git from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import { createFsFromVolume, Volume } from 'memfs';
import { changedIndexes, gitDirectoryOf, makeFile } from './contents.js';
import type { IsomorphicJob } from './jobs.js';
import { type Done, noSetup, report } from './report.js';

const [argument = '', repeat] = process.argv.slice(2);
const job = JSON.parse(argument) as IsomorphicJob;
const { url, depth, set } = job;
const dir = job.directory ?? '/repository';
const volume = new Volume();
const fs = job.directory === null ? createFsFromVolume(volume) : nodeFs;
const author = { name: 'Ada', email: 'ada@example.org' };
const depthOption = depth > 0 ? { depth } : {};

await report(repeat === 'repeat', run, async () => {
  if (job.kind === 'pull') await clone();
});

async function run(): Promise<Done> {
  switch (job.kind) {
    case 'clone':
      return { written: await clone(), ...noSetup };
    case 'pull':
      await git.fastForward({ fs, http, dir, url, ref: 'main', singleBranch: true });
      return { written: 1, ...noSetup };
    case 'list-refs':
      return {
        written: (await git.listServerRefs({ http, url, prefix: 'refs/heads/main' })).length,
        ...noSetup,
      };
    case 'push':
      return { written: await push(), ...noSetup };
  }
}

async function clone(): Promise<number> {
  const noCheckout = job.only !== null;
  await git.clone({
    fs,
    http,
    dir,
    url,
    ref: 'main',
    singleBranch: true,
    noTags: true,
    noCheckout,
    ...depthOption,
  });
  if (job.only !== null) await git.checkout({ fs, dir, ref: 'main', filepaths: [job.only] });
  return 1;
}

/** In memory: clones and changes some files, or fills a new repository with all of them; then adds, commits and pushes. */
async function push(): Promise<number> {
  if (set === null) return 0;
  const first = job.changed === set.count;
  if (first) await git.init({ fs, dir, defaultBranch: 'main' });
  else await clone();
  const indexes = first
    ? Array.from({ length: set.count }, (_, index) => index)
    : changedIndexes(set, job.changed, 1);
  const filepath = indexes.map((index) => {
    const { path, content } = makeFile(set, index, first ? 0 : 1);
    const file = `${gitDirectoryOf(set)}/${path}`;
    volume.mkdirSync(`${dir}/${file.slice(0, file.lastIndexOf('/'))}`, { recursive: true });
    volume.writeFileSync(`${dir}/${file}`, content);
    return file;
  });
  await git.add({ fs, dir, filepath });
  await git.commit({ fs, dir, message: 'Files of the team', author });
  await git.push({ fs, http, dir, url, ref: 'main', remoteRef: 'main' });
  return indexes.length;
}
