// The program under test: imports the built package, does one job as its user would, and reports.
//   node ours.js JOB DIST [repeat]
import type * as Flowgit from 'flowgit';
import type * as FlowgitStorage from 'flowgit/storage';
import { changedIndexes, gitDirectoryOf, makeFile } from './contents.js';
import type { CloneJob, OursJob, PushJob, SyncJob } from './jobs.js';
import { type Done, noSetup, report } from './report.js';

const [argument = '', dist = '', repeat] = process.argv.slice(2);
const job = JSON.parse(argument) as OursJob;
const flowgit = (await import(`${dist}/tasks/index.js`)) as typeof Flowgit;
const { openStorage } = (await import(`${dist}/src/storage/index.js`)) as typeof FlowgitStorage;
const namespace = 'company.team';

const storage = job.kind === 'clone' ? await openStorage('memory:') : await openStorage(job.storage);
const context = () =>
  flowgit.createRunContext({
    storage,
    network: { cacheDir: job.cacheDir },
    ...(job.kind === 'clone' && { workingDirectory: job.directory }),
  });

await report(repeat === 'repeat', run, async () => {
  await run();
});
await storage.close?.();

async function run(): Promise<Done> {
  switch (job.kind) {
    case 'sync-files':
    case 'sync-flows':
      return { written: await sync(job), ...noSetup };
    case 'push-files':
      return push(job);
    case 'clone':
      return { written: await clone(job), ...noSetup };
  }
}

async function sync({ kind, url, gitDirectory }: SyncJob): Promise<number> {
  const shared = { url, branch: 'main', gitDirectory, delete: true };
  const task =
    kind === 'sync-files'
      ? new flowgit.SyncNamespaceFiles({ ...shared, namespace })
      : new flowgit.SyncFlows({ ...shared, targetNamespace: namespace, includeChildNamespaces: true });
  const { summary } = await task.run(context());
  return summary.added + summary.updated;
}

async function push(job: PushJob): Promise<Done> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  await fill(job);
  const { user, system } = process.cpuUsage(cpu);
  const setup = { setupMs: performance.now() - start, setupCpuMs: (user + system) / 1000 };
  const { summary } = await new flowgit.PushNamespaceFiles({
    url: job.url,
    branch: 'main',
    gitDirectory: gitDirectoryOf(job.set),
    namespace,
    commitMessage: 'Files of the team',
    authorName: 'Ada',
    authorEmail: 'ada@example.org',
  }).run(context());
  return { written: summary.added + summary.updated + summary.overwritten, ...setup };
}

async function fill({ set, changed }: PushJob): Promise<void> {
  const edited = new Set(changedIndexes(set, changed, 1));
  const changes = Array.from({ length: set.count }, (_, index) => {
    const { path, content } = makeFile(set, index, edited.has(index) ? 1 : 0);
    const key = { kind: 'file', namespace, id: path } as const;
    return { action: 'put', key, content: Buffer.from(content), expectedOid: null } as const;
  });
  await storage.apply({ changes });
}

async function clone({ url, depth }: CloneJob): Promise<number> {
  const { commitId } = await new flowgit.Clone({ url, branch: 'main', depth }).run(context());
  return commitId === '' ? 0 : 1;
}
