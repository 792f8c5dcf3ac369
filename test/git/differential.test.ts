import fs from 'node:fs';
import { join } from 'node:path';
import git from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import { expect, test } from 'vitest';
import { growRepository } from '../support/grown-repository.js';
import { useGitWorld } from '../support/served-repository.js';

const world = useGitWorld();

test('refs, entries and contents are those that isomorphic-git finds', async () => {
  await growRepository(join(world.root, 'grown.git'), 12);
  const server = await world.serve();
  const url = `${server.url}/grown.git`;
  const remote = world.connect(url);

  const theirs = await git.listServerRefs({ http, url, protocolVersion: 2, symrefs: true, peelTags: true });
  const ours = await remote.listRefs();
  expect(Object.fromEntries(ours.refs)).toEqual(
    Object.fromEntries(theirs.filter(({ ref }) => ref !== 'HEAD').map(({ ref, oid }) => [ref, oid])),
  );
  expect(Object.fromEntries(ours.peeled)).toEqual(
    Object.fromEntries(theirs.flatMap(({ ref, peeled }) => (peeled === undefined ? [] : [[ref, peeled]]))),
  );

  const dir = join(world.root, 'theirs');
  const cache = {};
  await git.clone({ fs, http, dir, url, depth: 1, noCheckout: true, singleBranch: true, cache });
  const expected: { path: string; oid: string; mode: string }[] = [];
  const contents = new Map<string, Uint8Array>();
  await git.walk({
    fs,
    dir,
    cache,
    trees: [git.TREE({ ref: 'HEAD' })],
    map: async (path, [entry]) => {
      if (entry === null || entry === undefined || (await entry.type()) === 'tree') return;
      const oid = await entry.oid();
      expected.push({ path, oid, mode: (await entry.mode()).toString(8) });
      contents.set(oid, (await entry.content()) ?? new Uint8Array());
    },
  });

  for (const wanted of ['all', 'none'] as const) {
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path: '', contents: wanted });
    const entries = (await snapshot.list('')) ?? [];
    expect(entries).toEqual(expected.sort((a, b) => (a.path < b.path ? -1 : 1)));
    const blobs = await snapshot.read(entries.map(({ oid }) => oid));
    for (const { oid } of entries) {
      expect(Buffer.compare(blobs.get(oid) ?? Buffer.alloc(0), contents.get(oid) ?? Buffer.alloc(0))).toBe(0);
    }
  }
});
