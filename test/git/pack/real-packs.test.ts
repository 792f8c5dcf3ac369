import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveLimits } from '../../../src/git/limits.js';
import { readPack } from '../../../src/git/pack/read-pack.js';
import { temporaryDirectory } from '../../support/bare-repository.js';
import { type CatFile, catAllObjects, growRepository, runGit } from '../../support/grown-repository.js';
import { inChunks } from './hand-made-pack.js';

describe('packs that git wrote', () => {
  let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;
  let path: string;
  let expected: CatFile[];

  beforeAll(async () => {
    temporary = await temporaryDirectory();
    path = join(temporary.path, 'grown.git');
    await growRepository(path, 150);
    expected = await catAllObjects(path);
  });
  afterAll(() => temporary.remove());

  async function expectEveryObject(pack: Buffer, chunkBytes: number): Promise<void> {
    const objects = await readPack(inChunks(pack, chunkBytes), { limits: resolveLimits() });
    expect(objects.size).toBe(expected.length);
    for (const { oid, type, content } of expected) {
      const object = objects.get(oid);
      expect(object?.type).toBe(type);
      expect(Buffer.compare(object?.data ?? Buffer.alloc(0), content)).toBe(0);
    }
  }

  test('with deep chains of ofs-deltas give every object as git cat-file does', async () => {
    const [name = ''] = (await readdir(join(path, 'objects/pack'))).filter((file) => file.endsWith('.pack'));
    const pack = await readFile(join(path, 'objects/pack', name));
    expect(expected.length).toBeGreaterThan(3000);
    const chains = await runGit(path, ['verify-pack', '-s', join('objects/pack', name)]);
    expect(chains.toString()).toContain('chain length = 20:');
    await expectEveryObject(pack, 65_515);
    await expectEveryObject(pack, 1013);
  });

  test('with ref-deltas give every object as git cat-file does', async () => {
    const revisions = (await runGit(path, ['rev-list', '--objects', '--all'])).toString();
    const pack = await runGit(
      path,
      ['pack-objects', '--stdout', '-q', '--no-reuse-delta', '--depth=50'],
      revisions,
    );
    await expectEveryObject(pack, 4096);
  });
});
