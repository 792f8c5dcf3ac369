import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

const bench = async (...options: string[]): Promise<string> => {
  const args = ['--import', 'tsx', 'bench/run.ts', ...options];
  return (await run(process.execPath, args, { cwd: root })).stdout;
};

const measured = {
  name: expect.any(String) as string,
  oursMs: expect.any(Number) as number,
  gitMs: expect.any(Number) as number,
  isomorphicGitMs: expect.any(Number) as number,
  ratioToGit: expect.any(Number) as number,
  requests: expect.any(Number) as number,
  bytesDown: expect.any(Number) as number,
  bytesUp: expect.any(Number) as number,
  peakRssMb: expect.any(Number) as number,
};
const alone = { ...measured, gitMs: null, isomorphicGitMs: null, ratioToGit: null };
const others: Record<string, object> = {
  'cli-overhead': alone,
  'monorepo-changed-1000-of-200000': { ...measured, isomorphicGitMs: null },
};

describe('npm run bench', { timeout: 300_000 }, () => {
  it('does every kind of job with ours, git and isomorphic-git, and tells what they took', async () => {
    const told = JSON.parse(await bench('--quick', '--json')) as {
      cases: { name: string }[];
      queue: object[];
    };
    const { cases, queue } = told;
    expect(cases).toStrictEqual(
      [
        'cold-sync-10000-memory',
        'cold-sync-10000-file',
        'cold-sync-flows-10000-memory',
        'monorepo-500-of-200000',
        'monorepo-changed-1000-of-200000',
        'second-run-10-of-10000-changed',
        'no-change',
        'push-10-of-10000',
        'first-push-10000',
        'clone-depth1-10000',
        'cli-overhead',
        'deep-history',
      ].map((name) => ({ ...(others[name] ?? measured), name })),
    );
    expect(cases.find(({ name }) => name === 'no-change')).toMatchObject({ requests: 1 });
    const times = { p50: expect.any(Number) as number, p99: expect.any(Number) as number };
    expect(queue).toStrictEqual([
      {
        name: 'queue-1-worker',
        workers: 1,
        runs: 20,
        queuedPerSecond: expect.any(Number) as number,
        runsPerSecond: expect.any(Number) as number,
        toStartMs: times,
        toEndMs: times,
      },
    ]);
  });

  it('tells of no queue when no case of it was asked for', async () => {
    const told = await bench('--quick', '--json', '--case', 'cli-overhead');
    expect(JSON.parse(told)).toStrictEqual({ cases: [{ ...alone, name: 'cli-overhead' }] });
  });

  it('names the cases that it can run', async () => {
    expect((await bench('--list')).split('\n')).toContain('large-blobs (--all)');
  });

  it.each([
    [['--case', 'nothing'], 'No case has "nothing" in its name.\nSee --list.\n'],
    [['--runs', 'few'], '--runs takes a number from 1.\nSee --help.\n'],
  ])('says what is wrong with %j, and where to look', async (options, stderr) => {
    await expect(bench(...options)).rejects.toMatchObject({ code: 1, stderr });
  });

  describe('on a machine whose temporary files are its own', () => {
    let temporary: string;
    beforeEach(async () => {
      temporary = await mkdtemp(join(tmpdir(), 'flowgit-test-'));
    });
    afterEach(() => rm(temporary, { recursive: true, force: true }));

    const start = (...options: string[]) => {
      const args = ['--import', 'tsx', 'bench/run.ts', ...options];
      const env = { ...process.env, TMPDIR: temporary };
      return spawn(process.execPath, args, { cwd: root, env, stdio: 'ignore' });
    };
    const isLeft = async ({ pid }: { pid?: number | undefined }) => ({
      temporary: (await readdir(temporary)).filter((name) => name.startsWith('flowgit-')),
      programs: existsSync(join(root, 'node_modules/.cache/flowgit-bench', String(pid))),
    });
    const nothing = { temporary: [], programs: false };

    it('leaves nothing when Ctrl-C strikes a run', async () => {
      // No request is answered before the signal comes.
      const child = start('--quick', '--case', 'clone-depth1', '--latency', '600000');
      const ended = once(child, 'exit');
      const runs = async () => (await readdir(temporary, { recursive: true })).filter(isRun);
      const isRun = (path: string) => /flowgit-bench-\w+\/run-/.test(path);
      await expect.poll(runs, { timeout: 60_000 }).not.toStrictEqual([]);
      child.kill('SIGINT');
      expect(await ended).toStrictEqual([130, null]);
      expect(await isLeft(child)).toStrictEqual(nothing);
    });

    it('leaves nothing when it cannot start', async () => {
      const child = start('--keep', '/dev/null/x');
      expect(await once(child, 'exit')).toStrictEqual([1, null]);
      expect(await isLeft(child)).toStrictEqual(nothing);
    });
  });
});
