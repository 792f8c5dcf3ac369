import { describe, expect, it } from 'vitest';
import type { ComparedChange } from '../../src/plan/compare.js';
import { gitNamespaceFiles, readChangedFiles } from '../../src/plan/git-namespace-files.js';
import { emptyBlobId } from '../../src/resources/blob-id.js';
import { bytesOf, type FakeFile, oidOf, snapshotOf } from './doubles.js';

const place = { namespace: 'team', directory: '_files' };
const key = (id: string) => ({ kind: 'file' as const, namespace: 'team', id });

function sorted(files: Record<string, FakeFile>, directory = '_files') {
  const { resources, held } = gitNamespaceFiles(snapshotOf(files).entries, { ...place, directory });
  return { resources, held };
}

describe('namespace files of git', () => {
  it('are files, empty directories, and what is left alone', () => {
    const files: Record<string, FakeFile> = {
      '_files/.gitignore': 'x',
      '_files/.gitkeep': '',
      '_files/a/b.txt': 'b',
      '_files/a/.gitkeep': '',
      '_files/empty/.gitkeep': 'not empty at all',
      '_files/link': { mode: '120000', content: '/etc/passwd' },
      '_files/run.sh': { mode: '100755', content: '#!' },
      '_files/sub': { mode: '160000', content: '' },
    };
    expect(sorted(files)).toEqual({
      resources: [
        { key: key('a/b.txt'), gitPath: '_files/a/b.txt', gitOid: oidOf('b'), storedOid: oidOf('b') },
        {
          key: key('empty/'),
          gitPath: '_files/empty/.gitkeep',
          gitOid: oidOf('not empty at all'),
          storedOid: emptyBlobId,
        },
        { key: key('run.sh'), gitPath: '_files/run.sh', gitOid: oidOf('#!'), storedOid: oidOf('#!') },
      ],
      held: [
        {
          key: key('link'),
          gitPath: '_files/link',
          state: 'INVALID',
          note: '_files/link: a symbolic link, which is not followed',
        },
        { key: key('sub'), gitPath: '_files/sub', state: 'INVALID', note: '_files/sub: a submodule' },
      ],
    });
  });

  it('may stand in the root', () => {
    expect(sorted({ 'a.txt': 'a' }, '').resources.map(({ key: { id } }) => id)).toEqual(['a.txt']);
  });

  it('have no empty directory around a link', () => {
    const link = { mode: '120000', content: 'x' } as const;
    expect(sorted({ '_files/a/.gitkeep': '', '_files/a/link': link }).resources).toEqual([]);
  });

  it('are read in one go, and an empty directory like an empty file', async () => {
    const snapshot = snapshotOf({ '_files/a': 'a', '_files/b': 'a', '_files/e/.gitkeep': '' });
    const { resources, read } = gitNamespaceFiles(snapshot.entries, place);
    const changes = resources.map(({ storedOid }) => ({ after: storedOid }) as ComparedChange);
    const contents = await read(snapshot, [...changes, { after: null } as ComparedChange]);
    expect(contents).toEqual(
      new Map([
        [oidOf('a'), bytesOf('a')],
        [emptyBlobId, new Uint8Array()],
      ]),
    );
    expect(snapshot.reads).toEqual([oidOf('a'), emptyBlobId]);
  });
});

describe('readChangedFiles', () => {
  it('gives files and their contents', async () => {
    const snapshot = snapshotOf({ '_files/a': 'a', '_files/b': 'a' });
    expect(await readChangedFiles(snapshot, snapshot.entries, place)).toEqual({
      desired: ['a', 'b'].map((id) => ({
        key: key(id),
        gitPath: `_files/${id}`,
        gitOid: oidOf('a'),
        storedOid: oidOf('a'),
      })),
      contents: new Map([[oidOf('a'), bytesOf('a')]]),
    });
    expect(snapshot.reads).toEqual([oidOf('a')]);
  });

  it.each<[string, Record<string, FakeFile>]>([
    ['a link', { '_files/a': { mode: '120000', content: 'x' } }],
    ['a directory', { '_files/a/.gitkeep': '' }],
    ['a directory beside a file', { '_files/a/.gitkeep': '', '_files/b': 'b' }],
  ])('gives up on %s', async (_, files) => {
    const snapshot = snapshotOf(files);
    expect(await readChangedFiles(snapshot, snapshot.entries, place)).toBeNull();
  });
});
