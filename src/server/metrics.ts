import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { TaskRun } from '../../schemas/execution.js';
import type { RunQueue } from '../queue/types.js';
import type { ExecutionEvent } from '../runtime/execution-events.js';

/** What Prometheus is told of this process and of the queue. */
export interface Metrics {
  /** Counts what one execution in this process does. */
  observer(): (event: ExecutionEvent) => void;
  observeRequest(request: { method: string; route: string; status: number; seconds: number }): void;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

const seconds = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300];

/** Names of metrics are part of the interface: dashboards and alarms stand upon them. */
export function createMetrics(queue: Pick<RunQueue, 'depth'>): Metrics {
  const registers = [new Registry()];
  const [registry = new Registry()] = registers;
  const syncs = new Counter({
    name: 'flowgit_sync_total',
    help: 'Git tasks that ended, by outcome: changed, unchanged, failed, cancelled.',
    labelNames: ['outcome', 'task'],
    registers,
  });
  const syncSeconds = new Histogram({
    name: 'flowgit_sync_duration_seconds',
    help: 'How long git tasks took.',
    labelNames: ['task'],
    buckets: seconds,
    registers,
  });
  const bytes = new Counter({
    name: 'flowgit_transferred_bytes_total',
    help: 'Bytes that were received from git remotes.',
    registers,
  });
  const executions = new Counter({
    name: 'flowgit_execution_total',
    help: 'Executions that ended, by state.',
    labelNames: ['state'],
    registers,
  });
  const executionSeconds = new Histogram({
    name: 'flowgit_execution_duration_seconds',
    help: 'How long executions took, once they had begun.',
    buckets: seconds,
    registers,
  });
  const requests = new Histogram({
    name: 'flowgit_http_request_duration_seconds',
    help: 'How long requests took.',
    labelNames: ['method', 'route', 'status'],
    buckets: seconds,
    registers,
  });
  new Gauge({
    name: 'flowgit_queue_depth',
    help: 'Runs by where they are: waiting, running, failed.',
    labelNames: ['state'],
    registers,
    async collect() {
      for (const [state, count] of Object.entries(await queue.depth())) this.set({ state }, count);
    },
  });
  const observer = () => {
    const received = new ReceivedBytes();
    return (event: ExecutionEvent) => {
      if (event.type === 'task-progress') bytes.inc(received.growth(event.taskId, event.progress));
      if (event.type === 'task-ended') {
        received.forget(event.run.taskId);
        if (!event.run.type.startsWith('git.') || event.run.state === 'SKIPPED') return;
        syncs.inc({ outcome: outcomeOf(event.run), task: event.run.type });
        syncSeconds.observe({ task: event.run.type }, event.run.durationMs / 1000);
      }
      if (event.type === 'execution-ended') {
        executions.inc({ state: event.execution.state });
        executionSeconds.observe(event.execution.durationMs / 1000);
      }
    };
  };

  return {
    observer,
    observeRequest({ method, route, status, seconds: took }) {
      requests.observe({ method, route, status: String(status) }, took);
    },
    text: () => registry.metrics(),
  };
}

/** What a git task came to, as far as its output tells. */
function outcomeOf({ state, outputs }: TaskRun): string {
  if (state === 'FAILED') return 'failed';
  if (state === 'CANCELLED') return 'cancelled';
  const { summary } = outputs as { summary?: Record<string, unknown> };
  const counts = ['added', 'updated', 'overwritten', 'deleted'].map((name) => Number(summary?.[name] ?? 0));
  return counts.some((count) => count > 0) ? 'changed' : 'unchanged';
}

/** Progress tells how many bytes came so far; a smaller number begins a new transfer. */
class ReceivedBytes {
  readonly #seen = new Map<string, number>();

  growth(taskId: string, progress: { bytes?: number | undefined }): number {
    const now = progress.bytes ?? 0;
    const before = this.#seen.get(taskId) ?? 0;
    if (now > 0) this.#seen.set(taskId, now);
    return now >= before ? now - before : now;
  }

  forget(taskId: string): void {
    this.#seen.delete(taskId);
  }
}
