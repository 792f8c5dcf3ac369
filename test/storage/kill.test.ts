import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDirectoryStorage } from '../../src/storage/index.js';
import { ended, startFixture } from './child.js';
import { compileFixtures } from './compiled-fixtures.js';
import { changesTo } from './fixtures/rounds.js';
import { unflushedFs } from './fixtures/unflushed-fs.js';
import { temporaryDirectory } from './temporary-directory.js';
import { expectWholeRound } from './whole-round.js';

const fixtures = compileFixtures();
const lanes = 3;
const killsPerLane = 17;
/** Enough for a machine that is busy with other things. */
const timeoutMs = 180_000;

describe('a directory whose writer is killed', () => {
  it(
    'is the old batch or the new one, byte for byte, and takes the next',
    async () => {
      const directories = Array.from({ length: lanes }, () => join(temporaryDirectory(), 'data'));
      await Promise.all(
        directories.map(async (directory) => {
          for (let kill = 0; kill < killsPerLane; kill += 1) await killAWriter(directory);
        }),
      );
    },
    timeoutMs,
  );
});

async function killAWriter(directory: string): Promise<void> {
  const child = startFixture(fixtures, 'write-rounds', directory);
  const outcome = ended(child);
  // From its first batch on it writes without a pause, so any moment is in the middle of something.
  child.stdout?.once('data', () => setTimeout(() => child.kill('SIGKILL'), Math.random() * 60));
  const { stdout, stderr } = await outcome;
  expect(stderr).toBe('');

  const round = await expectWholeRound(directory);
  const reported = Number(stdout.trim().split('\n').at(-1));
  expect([reported, reported + 1]).toContain(round);

  const storage = await openDirectoryStorage(directory, { fs: unflushedFs });
  await storage.apply({ changes: changesTo(round + 1) });
  expect(await expectWholeRound(directory)).toBe(round + 1);
}
