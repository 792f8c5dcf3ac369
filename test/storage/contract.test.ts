import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { createMemoryStorage, openDirectoryStorage } from '../../src/storage/index.js';
import { runStorageContract } from '../../src/testing/index.js';

runStorageContract('memory', async () => ({ storage: createMemoryStorage() }), { describe, it });

runStorageContract(
  'directory',
  async () => {
    const root = await mkdtemp(join(tmpdir(), 'flowgit-storage-'));
    const directory = join(root, 'data');
    return {
      storage: await openDirectoryStorage(directory),
      reopen: () => openDirectoryStorage(directory),
      cleanup: () => rm(root, { recursive: true }),
    };
  },
  { describe, it },
);
