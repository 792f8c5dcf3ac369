import type { Colors } from 'picocolors/types.js';
import type { RunState, TaskRun } from '../../schemas/execution.js';
import type { ProgressEvent } from '../../src/runtime/context.js';
import type { ExecutionEvent } from '../../src/runtime/execution-events.js';
import { formatBytes, formatDuration } from './format.js';
import { plainLine } from './plain-text.js';
import type { StatusArea } from './status-area.js';

interface RunningTask {
  title: string;
  startedAt: number;
  progress: string;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** More running tasks than this are counted: the area must fit on the screen. */
const maxShown = 8;

/** Says on standard error which tasks run and how they ended: live on a terminal, one line per task elsewhere. */
export class TaskStatus {
  readonly #area: StatusArea;
  readonly #colors: Colors;
  readonly #now: () => number;
  readonly #running = new Map<string, RunningTask>();

  constructor(area: StatusArea, colors: Colors, now: () => number = () => performance.now()) {
    this.#area = area;
    this.#colors = colors;
    this.#now = now;
  }

  readonly onEvent = (event: ExecutionEvent): void => {
    switch (event.type) {
      case 'execution-started':
        this.#area.start((frame) => this.#lines(frame));
        break;
      case 'task-started':
        this.#running.set(keyOf(event.taskId, event.value), {
          title: titleOf(event.taskId, event.taskType, event.value),
          startedAt: this.#now(),
          progress: '',
        });
        break;
      case 'task-progress':
        this.#describe(event.taskId, describe(event.progress));
        break;
      case 'task-retried':
        // The log says why.
        this.#describe(
          event.taskId,
          `  attempt ${event.attempt} failed, again in ${formatDuration(event.waitMs)}`,
        );
        break;
      case 'task-ended':
        this.#running.delete(keyOf(event.run.taskId, event.run.value));
        this.#area.print(this.#ended(event.run));
        break;
      case 'task-planned':
        break;
      case 'execution-ended':
        this.#area.stop();
        break;
    }
  };

  #describe(taskId: string, progress: string): void {
    for (const [key, task] of this.#running) {
      if (key === taskId || key.startsWith(`${taskId}\0`)) task.progress = progress;
    }
  }

  #lines(frame: number): string[] {
    const running = [...this.#running.values()];
    const lines = running.slice(0, maxShown).map((task) => {
      const time = formatDuration(this.#now() - task.startedAt);
      return `${spinner[frame % spinner.length]} ${task.title}  ${this.#colors.dim(`${time}${task.progress}`)}`;
    });
    return running.length > maxShown ? [...lines, `  … and ${running.length - maxShown} more`] : lines;
  }

  #ended(run: TaskRun): string {
    const { symbol, color } = endings[run.state];
    const title = titleOf(run.taskId, run.type, run.value);
    const attempts = run.attempts > 1 ? `, ${run.attempts} attempts` : '';
    const mark = this.#area.live ? symbol : run.state;
    return `${this.#colors[color](mark)} ${title}  ${this.#colors.dim(`${formatDuration(run.durationMs)}${attempts}`)}`;
  }
}

const endings: Record<RunState, { symbol: string; color: 'green' | 'yellow' | 'red' | 'dim' }> = {
  SUCCESS: { symbol: '✓', color: 'green' },
  WARNING: { symbol: '!', color: 'yellow' },
  FAILED: { symbol: '✗', color: 'red' },
  SKIPPED: { symbol: '-', color: 'dim' },
  CANCELLED: { symbol: '✗', color: 'yellow' },
  PAUSED: { symbol: '-', color: 'yellow' },
};

function keyOf(taskId: string, value: unknown): string {
  return value === undefined ? taskId : `${taskId}\0${JSON.stringify(value)}`;
}

function titleOf(taskId: string, type: string, value: unknown): string {
  const iteration =
    value === undefined ? '' : ` [${plainLine(typeof value === 'string' ? value : JSON.stringify(value))}]`;
  return `${plainLine(taskId)}${iteration} (${plainLine(type)})`;
}

const phases: Record<ProgressEvent['phase'], string> = {
  receive: 'receiving',
  resolve: 'unpacking',
  checkout: 'checking out',
  write: 'writing',
  send: 'sending',
};

function describe({ phase, done, total, bytes }: ProgressEvent): string {
  const amount = total === undefined ? `${done}` : `${done} of ${total}`;
  return `  ${phases[phase]} ${amount}${bytes === undefined ? '' : `, ${formatBytes(bytes)}`}`;
}
