import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { bootId } from '../../src/storage/directory/process-identity.js';
import { openDirectoryStorage } from '../../src/storage/index.js';
import { changesTo } from './fixtures/rounds.js';
import { temporaryDirectory } from './temporary-directory.js';
import { expectWholeRound } from './whole-round.js';

let directory: string;
const at = (path: string): string => join(directory, path);
const journal = (): string[] => readdirSync(at('.flowgit/journal'));

beforeEach(async () => {
  directory = join(temporaryDirectory(), 'data');
  const storage = await openDirectoryStorage(directory);
  for (const round of [1, 2]) await storage.apply({ changes: changesTo(round) });
});

/** Makes the kept logs those of an earlier boot. What was damaged before then counts as lost, not as edited. */
function boot(): void {
  for (const name of journal())
    renameSync(at(`.flowgit/journal/${name}`), at(`.flowgit/journal/${name}-before`));
}

/** Waits until the file system's clock has passed the moment in which the logs were last touched. */
function nextTick(): void {
  const last = Math.max(...journal().map((name) => statSync(at(`.flowgit/journal/${name}`)).ctimeMs));
  do writeFileSync(at('clock'), '');
  while (statSync(at('clock')).ctimeMs <= last);
}

// Where the system does not tell boots apart, files are flushed and no log is kept.
describe.skipIf(bootId() === null)('a large batch after a loss of power', () => {
  it('is whole again when files came back empty, cut, zeroed, or not at all', async () => {
    expect(journal()).toHaveLength(2);
    truncateSync(at('flows/company.team1/flow-1.yml'), 0);
    truncateSync(at('flows/company.team2/flow-2.yml'), 5);
    const zeroed = at('flows/company.team1/flow-4.yml');
    writeFileSync(zeroed, Buffer.alloc(readFileSync(zeroed).length));
    rmSync(at('flows/company.team2/flow-5.yml'));
    rmSync(at('files/company/tree'));
    // Round 1 had this one and round 2 does not: a removal can be lost as well.
    writeFileSync(at('flows/company.team0/flow-3.yml'), 'not removed after all');
    boot();
    expect(await expectWholeRound(directory)).toBe(2);
    expect(journal()).toEqual([]);
  });

  it('is whole again when the revisions did not reach the disk', async () => {
    const storage = await openDirectoryStorage(directory);
    const old = readFileSync(at('.flowgit/revisions'));
    await storage.apply({ changes: changesTo(3) });
    writeFileSync(at('.flowgit/revisions'), old);
    boot();
    expect(await expectWholeRound(directory)).toBe(3);
  });

  it('does not undo what a person edited or removed afterwards', async () => {
    boot();
    nextTick();
    writeFileSync(at('flows/company.team1/flow-1.yml'), 'edited by hand\n');
    rmSync(at('flows/company.team2/flow-5.yml'));
    const storage = await openDirectoryStorage(directory);
    const entries = await storage.list({ kind: 'flow', namespace: '', children: true });
    expect(entries.map(({ key }) => key.id)).not.toContain('flow-5');
    expect(readFileSync(at('flows/company.team1/flow-1.yml'), 'utf8')).toBe('edited by hand\n');
  });

  it('keeps no more than a few logs', async () => {
    const storage = await openDirectoryStorage(directory);
    for (let round = 3; round <= 9; round += 1) await storage.apply({ changes: changesTo(round) });
    expect(journal().length).toBeLessThanOrEqual(5);
    boot();
    expect(await expectWholeRound(directory)).toBe(9);
  });
});
