import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pruneOutputs } from '../../bin/prune-outputs.js';
import { temporaryDirectory } from '../support/bare-repository.js';
import { flowSource } from '../support/world.js';
import { cli } from './cli.js';

const now = Date.parse('2026-01-31T12:00:00Z');
let root: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: root, remove } = await temporaryDirectory());
});
afterEach(() => remove());

function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** Output directories of `count` executions, the first the youngest, `minutes` apart. */
async function makeExecutions(directory: string, count: number, minutes: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    const path = join(directory, idOf(number));
    await mkdir(join(path, 'flows'), { recursive: true });
    await writeFile(join(path, 'flows/flows.jsonl'), '{}\n');
    const seconds = now / 1000 - number * minutes * 60;
    await utimes(path, seconds, seconds);
  }
}

describe('output files of earlier executions', () => {
  it('are kept for the newest hundred', async () => {
    await makeExecutions(root, 103, 1);
    await pruneOutputs(root, now);
    expect((await readdir(root)).sort()).toEqual(Array.from({ length: 100 }, (_, number) => idOf(number)));
  });

  it('are kept for an hour whatever their number', async () => {
    await makeExecutions(root, 103, 0.5);
    await pruneOutputs(root, now);
    expect(await readdir(root)).toHaveLength(103);
  });

  it('go and leave alone what no execution made', async () => {
    await makeExecutions(root, 101, 1);
    await mkdir(join(root, 'kept-by-hand'));
    await utimes(join(root, 'kept-by-hand'), 0, 0);
    await pruneOutputs(root, now);
    const left = await readdir(root);
    expect(left).toContain('kept-by-hand');
    expect(left).not.toContain(idOf(100));
  });

  it('may never have been', async () => {
    await expect(pruneOutputs(join(root, 'none'))).resolves.toBeUndefined();
  });

  it('go at the end of a run', async () => {
    const outputs = join(root, 'store/.flowgit/outputs');
    await makeExecutions(outputs, 101, 1);
    await utimes(join(outputs, idOf(100)), 0, 0);
    await writeFile(join(root, 'f.yml'), flowSource('n', 'f'));
    expect(await cli(['run', 'f.yml', '--storage', 'file:store'], { cwd: root })).toMatchObject({ code: 0 });
    expect(await readdir(outputs)).not.toContain(idOf(100));
  });
});
