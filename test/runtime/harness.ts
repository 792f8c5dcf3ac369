import type { Execution } from '../../schemas/execution.js';
import type { FlowDefinition } from '../../schemas/flow.js';
import type { Git } from '../../src/git/types.js';
import type { Logger } from '../../src/logger.js';
import type { OutputFiles, RunContext, SecretSource } from '../../src/runtime/context.js';
import { type ExecuteOptions, executeFlow } from '../../src/runtime/execute-flow.js';
import type { ExecutionEvent } from '../../src/runtime/execution-events.js';
import { wholeContent } from '../../src/runtime/output-content.js';
import { type AnyTaskType, TaskRegistry } from '../../src/runtime/registry.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { coreTasks } from '../../tasks/core/index.js';
import { callTask, Flaky, Hang, Secretive } from './task-doubles.js';

/** What came out of one execution, and what was heard on the way. */
export interface Ran {
  execution: Execution;
  events: ExecutionEvent[];
  /** `LEVEL message`, in order. */
  lines: string[];
  /** Every wait that was asked for, in milliseconds. */
  waits: number[];
  files: Map<string, Uint8Array>;
}

export interface HarnessOptions extends Partial<Omit<ExecuteOptions, 'secrets' | 'registry'>> {
  secrets?: Record<string, string>;
  secretSource?: SecretSource;
  tasks?: readonly AnyTaskType[];
  /** Called as `test.Call` tasks run, by `name`. */
  calls?: Record<string, (context: RunContext) => unknown>;
  /** Answers a wait; by default each ends at once. */
  onSleep?: (ms: number, signal?: AbortSignal) => Promise<void> | void;
}

/** No task here reaches a remote. */
const noGit: Git = {
  connect() {
    throw new Error('no git in this test');
  },
};

/** Executes a flow on storage in memory, with a clock that moves only when somebody waits. */
export async function execute(flow: FlowDefinition | string, options: HarnessOptions = {}): Promise<Ran> {
  const { secrets = {}, secretSource, tasks = [], calls = {}, onSleep, ...rest } = options;
  const events: ExecutionEvent[] = [];
  const lines: string[] = [];
  const waits: number[] = [];
  const files = new Map<string, Uint8Array>();
  let now = Date.parse('2026-01-31T12:00:00Z');
  const execution = await executeFlow(flow, {
    registry: new TaskRegistry([...coreTasks, callTask(calls), Flaky, Hang, Secretive, ...tasks]),
    storage: createMemoryStorage(),
    git: noGit,
    logger: recorder(lines),
    secrets: secretSource ?? { get: async (name) => secrets[name] ?? null },
    outputFiles: memoryFiles(files),
    executionId: 'run-1',
    clock: () => new Date(now),
    sleep: async (ms, signal) => {
      waits.push(ms);
      await (onSleep === undefined ? Promise.resolve() : onSleep(ms, signal));
      if (signal?.aborted) throw signal.reason;
      now += ms;
    },
    onEvent: (event) => events.push(event),
    ...rest,
  });
  return { execution, events, lines, waits, files };
}

/** A flow's YAML around its tasks. */
export function flowOf(body: string): string {
  return `id: test\nnamespace: company.team\n${body}`;
}

/** `task STATE` of every task run, with the iteration's value in brackets. */
export function states({ execution }: Ran): string[] {
  return execution.taskRuns.map(
    ({ taskId, state, value }) =>
      `${taskId}${value === undefined ? '' : `[${typeof value === 'string' ? value : JSON.stringify(value)}]`} ${state}`,
  );
}

/** Waits until `holds`, giving way to other work in between. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

export function recorder(lines: string[]): Logger {
  const line = (level: string) => (fields: object, message: string) => {
    const shown = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
    lines.push(`${level} ${message}${shown}`);
  };
  return {
    debug: line('DEBUG'),
    info: line('INFO'),
    warn: line('WARN'),
    error: line('ERROR'),
    child: () => recorder(lines),
  };
}

export function memoryFiles(files: Map<string, Uint8Array>): OutputFiles {
  return {
    async write(name, content) {
      const uri = `memory://run/${name}`;
      const whole = wholeContent(content);
      files.set(uri, typeof whole === 'string' ? new TextEncoder().encode(whole) : whole);
      return uri;
    },
    async read(uri) {
      const content = files.get(uri);
      if (content === undefined) throw new Error(`no file ${uri}`);
      return content;
    },
  };
}
