import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

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
        'second-run-10-of-10000-changed',
        'no-change',
        'push-10-of-10000',
        'first-push-10000',
        'clone-depth1-10000',
        'cli-overhead',
        'deep-history',
      ].map((name) => ({ ...(name === 'cli-overhead' ? alone : measured), name })),
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

  it('names the cases that it can run', async () => {
    expect((await bench('--list')).split('\n')).toContain('large-blobs (--all)');
  });

  it('says when no case has the name', async () => {
    await expect(bench('--case', 'nothing')).rejects.toMatchObject({
      stderr: expect.stringContaining('No case has "nothing" in its name') as string,
    });
  });
});
