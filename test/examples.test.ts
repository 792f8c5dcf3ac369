import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGit } from '../src/git/index.js';
import { silentLogger } from '../src/logger.js';
import { memoryOutputFiles } from '../src/runtime/create-context.js';
import { executeFlow } from '../src/runtime/execute-flow.js';
import { TaskRegistry } from '../src/runtime/registry.js';
import { createMemoryStorage, type StorageAdapter } from '../src/storage/index.js';
import { allTasks, gitTasks } from '../tasks/index.js';
import type { Files } from './support/bare-repository.js';
import { contents, createWorld, fill, flowSource, type World } from './support/world.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = join(root, 'examples');
const secrets: Record<string, string> = {
  GITHUB_ACCESS_TOKEN: 'a-token-for-tests',
  WEBHOOK_KEY: 'a-webhook-key',
};

let world: World;
beforeEach(async () => {
  const repository = join(examples, 'repository');
  const paths = readdirSync(repository, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const files: Files = Object.fromEntries(
    paths.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(repository.length + 1), readFileSync(path)];
    }),
  );
  world = await createWorld({ files });
  // Branches that examples name.
  await world.repository.git('branch', 'dev', 'main');
});
afterEach(() => world.close());

/** Runs a flow as `flowgit run` would, with every example address pointing at the local server. */
async function run(source: string, storage: StorageAdapter = createMemoryStorage()) {
  const execution = await executeFlow(source.replaceAll(/https:\/\/github\.com\/company\/\w+/g, world.url), {
    registry: new TaskRegistry(allTasks),
    storage,
    git: createGit(),
    network: {},
    logger: silentLogger,
    secrets: { get: async (name) => secrets[name] ?? null },
    outputFiles: memoryOutputFiles('examples'),
    inputs: source.includes('inputs:\n  - id: url') ? { url: world.url } : {},
  });
  return { execution, storage };
}

describe('example flows', () => {
  for (const name of readdirSync(join(examples, 'flows'))) {
    it(`${name} runs`, async () => {
      const storage = createMemoryStorage();
      if (name.startsWith('push')) {
        await fill(storage, {
          'company.team/edited': flowSource('company.team', 'edited'),
          'company.team:queries/new.sql': 'SELECT 1;\n',
        });
      }
      const { execution } = await run(readFileSync(join(examples, 'flows', name), 'utf8'), storage);
      expect(execution).toMatchObject({ state: 'SUCCESS', error: null, taskRuns: expect.anything() });
    });
  }

  it('a scheduled system flow fills every namespace it names', async () => {
    const { storage } = await run(readFileSync(join(examples, 'flows/scheduled-system-flow.yml'), 'utf8'));
    expect(Object.keys(await contents(storage))).toEqual([
      'company.analytics/hello',
      'company.analytics/nightly-report',
      'company.analytics.ingest/orders',
      'company.team/hello',
      'company.team/nightly-report',
      'company.team.ingest/orders',
    ]);
    expect(Object.keys(await contents(storage, 'file'))).toEqual([
      'company.analytics:queries/revenue.sql',
      'company.analytics:report.py',
      'company.team:queries/revenue.sql',
      'company.team:report.py',
    ]);
  });
});

describe('examples of the git tasks', () => {
  for (const task of gitTasks) {
    it(`${task.type} has some, and they run`, async () => {
      expect(task.examples.length).toBeGreaterThan(0);
      for (const { title, flow } of task.examples) {
        const storage = createMemoryStorage();
        await fill(storage, { 'dev/a': flowSource('dev', 'a'), 'company.team:a.py': 'print()\n' });
        const { execution } = await run(flow, storage);
        expect({ title, ...execution }).toMatchObject({ title, state: 'SUCCESS' });
        for (const taskRun of execution.taskRuns.filter(({ type }) => type === task.type)) {
          expect(task.output.safeParse(taskRun.outputs)).toMatchObject({ success: true });
        }
      }
    });
  }
});

describe('example programs', () => {
  const program = async (name: string, ...args: string[]) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', join(examples, 'programs', name), world.url, ...args],
      { cwd: root },
    );
    return stdout;
  };

  it('sync-and-report.ts prints what changed', async () => {
    const output = await program('sync-and-report.ts', join(world.directory, 'report'));
    expect(output).toContain(`main@sha1:${await world.repository.tip()}`);
    expect(output).toContain('"syncState":"ADDED","flowId":"orders"');
  });

  it('review-a-push.ts prints a diff and writes nothing', async () => {
    const directory = join(world.directory, 'review');
    await program('sync-and-report.ts', directory);
    const tip = await world.repository.tip();
    const flow = join(directory, 'flows/company.team/hello.yml');
    writeFileSync(flow, readFileSync(flow, 'utf8').replace('Hello', 'Bonjour'));
    const output = await program('review-a-push.ts', directory);
    expect(output).toContain('+    message: "Bonjour, {{ inputs.who }}!"');
    expect(await world.repository.tip()).toBe(tip);
  });

  it('plan-and-apply.ts applies what it planned, and that once', async () => {
    const call = () =>
      program('plan-and-apply.ts', join(world.directory, 'planned'), join(world.directory, 'plan.json'));
    expect(await call()).toMatch(/^planned {\s+added: 3,/);
    expect(await call()).toContain('applied');
    expect(await call()).toContain('no longer fits');
  });

  it('adapter.ts audits every write', async () => {
    expect(await program('adapter.ts')).toContain('file company.team/queries/revenue.sql → revision 1');
  });
});
