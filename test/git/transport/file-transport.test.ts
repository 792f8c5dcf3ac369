import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { createGit } from '../../../src/git/index.js';
import { BareRepository, gitEnvironment } from '../../support/bare-repository.js';
import { useGitWorld } from '../../support/served-repository.js';

const world = useGitWorld();
const whole = { path: '', contents: 'all' } as const;
let url: string;

beforeAll(async () => {
  const { repository } = await world.create({ 'a.yml': 'id: a\n', '_flows/b.yml': 'id: b\n' });
  url = pathToFileURL(repository.path).href;
});

describe('a local repository', () => {
  test('is read through git’s own programs, whole and in part', async () => {
    const remote = world.connect(url);
    expect(remote.url).toBe(url);
    expect((await remote.listRefs()).head?.ref).toBe('refs/heads/main');
    expect(await (await remote.openSnapshot({}, whole)).list('')).toHaveLength(2);
    const scoped = await remote.openSnapshot({ branch: 'main' }, { path: '_flows', contents: 'none' });
    const [entry] = (await scoped.list('_flows')) ?? [];
    expect(Buffer.from((await scoped.read([entry?.oid ?? ''])).get(entry?.oid ?? '') ?? []).toString()).toBe(
      'id: b\n',
    );
  });

  test('is found whatever its name looks like', async () => {
    for (const name of ['--upload-pack=touch owned', 'with space', '$(touch owned)', 'ünïcode', "quo'te"]) {
      const repository = await BareRepository.create(join(world.root, 'odd', name), { a: 'a' });
      const remote = world.connect(pathToFileURL(repository.path).href);
      expect((await remote.listRefs()).refs.size).toBe(1);
    }
  });

  test('that is missing, or none, is REPOSITORY_NOT_FOUND', async () => {
    await mkdir(join(world.root, 'plain'), { recursive: true });
    await writeFile(join(world.root, 'file'), 'x');
    for (const name of ['missing', 'plain', 'file']) {
      const remote = world.connect(pathToFileURL(join(world.root, name)).href);
      await expect(remote.listRefs()).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' });
    }
  });

  test('does not depend on which repository the process itself works in', async () => {
    const environment = {
      ...gitEnvironment,
      GIT_DIR: '/nowhere',
      GIT_OBJECT_DIRECTORY: '/nowhere',
      GIT_PROTOCOL: 'version=0',
    };
    const remote = createGit({ environment }).connect({ url });
    expect((await remote.listRefs()).refs.size).toBe(1);
    await remote.close();
  });

  test('without git is UNSUPPORTED, with what is missing', async () => {
    const remote = createGit({ environment: { PATH: '/nowhere' } }).connect({ url });
    await expect(remote.listRefs()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('PATH'),
    });
  });

  test('is left when the run is cancelled', async () => {
    await expect(world.connect(url, { signal: AbortSignal.abort() }).listRefs()).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    const controller = new AbortController();
    const remote = world.connect(url, { signal: controller.signal });
    const refs = remote.listRefs();
    controller.abort();
    await expect(refs).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('a URL', () => {
  test.each([
    ['ssh://git@git.example/x.git', 'UNSUPPORTED'],
    ['git@git.example:acme/flows.git', 'UNSUPPORTED'],
    ['git+ssh://git@git.example/x', 'UNSUPPORTED'],
    ['git://git.example/x.git', 'INVALID_PROPERTIES'],
    ['ftp://git.example/x.git', 'INVALID_PROPERTIES'],
    ['/srv/git/x.git', 'INVALID_PROPERTIES'],
    ['', 'INVALID_PROPERTIES'],
    ['file://other.example/x.git', 'INVALID_PROPERTIES'],
    ['https://', 'INVALID_PROPERTIES'],
  ])('%j is %s', (wrong, code) => {
    expect(() => createGit().connect({ url: wrong })).toThrow(
      expect.objectContaining({ code, hint: expect.stringMatching(/./) }),
    );
  });

  test('that cannot be read does not show its credentials', () => {
    for (const wrong of ['ftp://ada:hunter2@git.example/x', 'https://ada:hunter2@', 'foo ada:hunter2@x/y']) {
      expect(() => createGit().connect({ url: wrong })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
      );
    }
  });
});
