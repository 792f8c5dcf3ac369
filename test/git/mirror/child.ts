import { createGit } from '../../../src/git/index.js';

/** A process of its own that syncs `path` of `url` in `count` tasks at once, and prints how many files each has read. */
const [url = '', cacheDir = '', path = '', count = '1'] = process.argv.slice(2);
const git = createGit();

async function sync(): Promise<number> {
  const remote = git.connect({ url, cacheDir });
  try {
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path, contents: 'all' });
    const entries = (await snapshot.list(path)) ?? [];
    return (await snapshot.read(entries.map(({ oid }) => oid))).size;
  } finally {
    await remote.close();
  }
}

const sizes = await Promise.all(Array.from({ length: Number(count) }, sync));
process.stdout.write(`${JSON.stringify(sizes)}\n`);
