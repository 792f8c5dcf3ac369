import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../../src/storage/postgres/database.js';
import { openDatabase } from '../../src/storage/postgres/open.js';
import { createPostgresStorage } from '../../src/storage/postgres.js';
import { startGitServer } from '../../src/testing/git-server.js';
import { temporaryDirectory } from '../support/bare-repository.js';
import { type FlowgitProcess, startServer, startWorker } from '../support/flowgit-process.js';
import { startPostgresServer } from '../support/start-postgres-server.js';
import { percentiles } from './percentiles.js';
import { commitToAll, createRepositories, flowsPerRepository, storeSyncs } from './synced-repositories.js';
import { setTrap } from './trap.js';

export interface SchedulesTrial {
  flows: number;
  repositories: number;
  /** Flows are due at every whole multiple of so many seconds, and so often in all. */
  everySeconds: number;
  times: number;
  jitterSeconds: number;
  workers: number;
  /** Processes of the built command, which start faster and take less memory than those of the sources. */
  isBuilt: boolean;
}

export interface SchedulesResult {
  runs: number;
  /** Due times without an execution that ended, and flows that were not synced. */
  lost: number;
  /** More than one execution of a due time, or more than one record of its task, or a content that was written twice. */
  doubled: number;
  failed: number;
  /** Workers that were killed (-9) while PostgreSQL held their half-written batch. */
  killedInApply: number;
  takenOver: number;
  /** From each due time until its last run had ended. */
  lastEndedSeconds: number[];
  /** From when a run was due, without jitter, until it was queued. */
  queuedMs: { p50: number; p99: number };
  runMs: { p50: number; p99: number };
  peakMb: { server: number; workers: number[] };
  connections: number;
}

/**
 * One `flowgit serve` that runs nothing itself, workers, and a PostgreSQL server: flows that are due at one moment sync
 * repositories that change in between. Each time one worker is killed (-9) in the middle of writing.
 */
export async function syncBySchedules(trial: SchedulesTrial): Promise<SchedulesResult> {
  const directory = await temporaryDirectory();
  const [postgres, git] = await Promise.all([
    startPostgresServer(),
    startGitServer({ root: directory.path }),
  ]);
  const url = await postgres.createDatabase();
  const { database, tenant } = await openDatabase(url);
  const options = { cwd: directory.path, isBuilt: trial.isBuilt };
  const common = ['--storage', url, '--allow-remote', '127.0.0.1', '--log-level', 'warn'];
  const processes: FlowgitProcess[] = [];
  const started = async (starting: Promise<FlowgitProcess>) => {
    const process = await starting;
    processes.push(process);
    return process;
  };
  const newWorker = () => started(startWorker([...common, '--log-level', 'info'], options));
  try {
    const repositories = await createRepositories(directory.path, trial.repositories);
    await storeSyncs(createPostgresStorage(database, { tenant }), {
      count: trial.flows,
      url: (index) => `${git.url}/r${index % trial.repositories}.git`,
      triggers: `triggers:\n  - id: clock\n    type: core.trigger.Schedule\n    ${cronOf(trial.everySeconds)}\n`,
    });
    const workers = await Promise.all(Array.from({ length: trial.workers }, newWorker));
    const jitter = ['--jitter', String(trial.jitterSeconds)];
    const server = await started(startServer([...common, '--no-worker', ...jitter], options));
    const everyMs = trial.everySeconds * 1000;
    const times: Date[] = [];
    let killedInApply = 0;
    let connections = 0;
    for (let round = 0; round < trial.times; round += 1) {
      const victim = `sync-${(17 + round * 31) % trial.flows}`;
      const trap = await setTrap(url, database, { flowId: victim, namespace: `team.${victim}` });
      if (round > 0) await commitToAll(repositories, `round-${round}`);
      // After the commits, however long they took: what they change is written at this time, or at one before it.
      const time = new Date((Math.floor(Date.now() / everyMs) + 1) * everyMs);
      times.push(time);
      connections = Math.max(connections, await countConnections(database));
      const pid = await trap.sprung();
      await processes.find((process) => process.pid === pid)?.end('SIGKILL');
      killedInApply += 1;
      await trap.release();
      workers.push(await newWorker());
      await untilEnded(database, time, trial.flows);
    }
    const peakMb = {
      server: server.usage()?.peakMb ?? 0,
      workers: workers.flatMap((worker) => worker.usage()?.peakMb ?? []),
    };
    return { ...(await judge(database, { trial, times })), killedInApply, peakMb, connections };
  } finally {
    await Promise.all(
      processes.filter((process) => process.isRunning()).map((process) => process.end('SIGKILL')),
    );
    await database.close();
    await git.close();
    await postgres.stop();
    await directory.remove();
  }
}

/** A minute is what cron knows best; less needs its field for seconds. */
function cronOf(seconds: number): string {
  return seconds === 60 ? 'cron: "* * * * *"' : `cron: "*/${seconds} * * * * *"\n    withSeconds: true`;
}

/** Waits for the runs of one due time. */
async function untilEnded(database: Database, time: Date, count: number): Promise<void> {
  const deadline = time.getTime() + 600_000;
  for (;;) {
    const { rows } = await sql<{ ended: number }>`
      select count(*)::integer as ended from flowgit.execution
      where ended_at is not null and (trigger->'variables'->>'date')::timestamptz = ${time}`.execute(
      database.db,
    );
    const ended = rows[0]?.ended ?? 0;
    if (ended >= count) return;
    if (Date.now() > deadline) throw new Error(`${ended} of ${count} runs have ended after ten minutes.`);
    await delay(200);
  }
}

async function countConnections({ db }: Database): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from pg_stat_activity where application_name = 'flowgit'`.execute(db);
  return rows[0]?.count ?? 0;
}

interface Run {
  due: Date;
  flow_id: string;
  state: string;
  created_at: Date;
  started_at: Date;
  ended_at: Date | null;
  task_runs: number;
  begun_again: boolean;
}

async function judge(database: Database, { trial, times }: { trial: SchedulesTrial; times: Date[] }) {
  const { rows } = await sql<Run>`
    select (trigger->'variables'->>'date')::timestamptz as due, flow_id, state, created_at, started_at, ended_at,
           (select count(*)::integer from flowgit.task_run
            where task_run.tenant = execution.tenant and execution_id = id) as task_runs,
           exists (select 1 from flowgit.log where log.tenant = execution.tenant and execution_id = id
                   and message like 'begun again%') as begun_again
    from flowgit.execution`.execute(database.db);
  // The next time may have come before the server was stopped.
  const runs = rows.filter(({ due }) => times.some((time) => time.getTime() === due.getTime()));
  const distinct = new Set(runs.map(({ due, flow_id: id }) => `${due.getTime()} ${id}`));
  const ended = runs.filter(({ ended_at: at }) => at !== null);
  const { rows: synced } = await sql<{ revision: number }>`
    select revision from flowgit.resource
    where kind = 'flow' and namespace like 'team.%' and oid is not null`.execute(database.db);
  // One content each time, so as many revisions; one more would be a second writing of something older.
  const rewritten = synced.filter(({ revision }) => revision !== trial.times).length;
  const since = (run: Run, at: Date | null) => (at?.getTime() ?? 0) - run.due.getTime();
  return {
    runs: ended.length,
    lost:
      trial.flows * trial.times -
      new Set(ended.map(({ due, flow_id: id }) => `${due.getTime()} ${id}`)).size +
      (trial.flows * flowsPerRepository - synced.length),
    doubled: runs.length - distinct.size + runs.filter((run) => run.task_runs > 1).length + rewritten,
    failed: ended.filter(({ state }) => state !== 'SUCCESS').length,
    takenOver: runs.filter((run) => run.begun_again).length,
    lastEndedSeconds: times.map((time) => {
      const own = ended.filter(({ due }) => due.getTime() === time.getTime());
      return Math.max(0, ...own.map((run) => since(run, run.ended_at))) / 1000;
    }),
    queuedMs: percentiles(runs.map((run) => since(run, run.created_at))),
    runMs: percentiles(ended.map((run) => since(run, run.ended_at) - since(run, run.started_at))),
  };
}
