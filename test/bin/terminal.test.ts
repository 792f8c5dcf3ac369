import pc from 'picocolors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { coloredDiff } from '../../bin/terminal/colored-diff.js';
import { formatBytes, formatDuration } from '../../bin/terminal/format.js';
import { plainLine, plainText } from '../../bin/terminal/plain-text.js';
import { formatPlan } from '../../bin/terminal/plan-table.js';
import { StatusArea } from '../../bin/terminal/status-area.js';
import { TaskStatus } from '../../bin/terminal/task-status.js';
import type { ChangeState, PlanDocument } from '../../schemas/plan.js';
import { summarize } from '../../src/plan/make-plan.js';
import { withoutEscapes } from './cli.js';

const plain = pc.createColors(false);

function planOf(...rows: [ChangeState, string, string?][]): PlanDocument {
  const changes = rows.map(([state, gitPath, note]) => ({
    state,
    key: { kind: 'file' as const, namespace: 'team', id: gitPath },
    gitPath,
    before: null,
    after: null,
    additions: state === 'UPDATED' ? 10 : 0,
    deletions: state === 'UPDATED' ? 5 : 0,
    replaced: 0,
    note: note ?? null,
  }));
  return {
    version: 1,
    direction: 'PUSH',
    task: 'git.PushNamespaceFiles',
    source: { kind: 'storage', location: 'memory:', resource: 'file', namespace: 'team', children: true },
    target: { kind: 'git', url: 'https://x/y', revision: 'main', commit: null, directory: '' },
    changes,
    summary: summarize(changes),
  };
}

describe('a plan as a table', () => {
  it('says what was merged', () => {
    const plan = planOf(['UPDATED', 'a']);
    for (const change of plan.changes) change.merged = true;
    const table = formatPlan(plan, { colors: plain, maxRows: 50, rowsUri: null });
    expect(table).toContain('  ~ a  team: a  +10 -5  merged\n');
  });

  it('has a sign for every state, and says what is out of the ordinary', () => {
    const plan = planOf(
      ['ADDED', 'a'],
      ['UPDATED', 'bb'],
      ['OVERWRITTEN', 'c'],
      ['DELETED', 'd'],
      ['INVALID', 'e', 'line 3: bad'],
      ['CONFLICT', 'f'],
      ['UNCHANGED', 'g'],
      ['UNCHANGED', 'h', 'a symbolic link'],
    );
    expect(formatPlan(plan, { colors: plain, maxRows: 50, rowsUri: null }).split('\n')).toEqual([
      'files of team and below → https://x/y main .',
      '  + a   team: a',
      '  ~ bb  team: bb  +10 -5',
      '  ~ c   team: c           overwritten',
      '  - d   team: d',
      '  ! e   team: e           invalid: line 3: bad',
      '  ! f   team: f           conflict',
      '  = h   team: h           a symbolic link',
      '1 added, 1 updated, 1 deleted, 2 unchanged, 1 overwritten, 1 invalid, 1 conflicted',
      '',
    ]);
  });

  it('is coloured by what happens', () => {
    const colors = pc.createColors(true);
    const text = formatPlan(planOf(['ADDED', 'a'], ['DELETED', 'd']), { colors, maxRows: 50, rowsUri: null });
    expect(text).toContain(colors.green('  + a'));
    expect(text).toContain(colors.red('  - d'));
  });

  it('cannot be made to drive the terminal by a path', () => {
    const text = formatPlan(planOf(['ADDED', 'x\u001b[2J\ny']), {
      colors: plain,
      maxRows: 50,
      rowsUri: null,
    });
    expect(text).toContain('  + x\\u001b[2J y');
  });
});

describe('text from elsewhere', () => {
  it('shows control characters instead of obeying them', () => {
    expect(plainText('a\u001b]0;title\u0007\r\nb\tc\u202ed')).toBe('a\\u001b]0;title\\u0007\nb\tc\\u202ed');
    expect(plainLine('a\nb\tc')).toBe('a b c');
  });

  it('is coloured as a diff line by line', () => {
    const colors = pc.createColors(true);
    expect(coloredDiff('--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n z', colors).split('\n')).toEqual([
      colors.bold('--- a'),
      colors.bold('+++ b'),
      colors.cyan('@@ -1 +1 @@'),
      colors.red('-x'),
      colors.green('+y'),
      ' z',
    ]);
  });
});

describe('amounts', () => {
  it('are given in units people read', () => {
    expect([850, 1234, 59_940, 200_000].map(formatDuration)).toEqual([
      '850 ms',
      '1.2 s',
      '59.9 s',
      '3 min 20 s',
    ]);
    expect([512, 3_400_000, 7e12].map(formatBytes)).toEqual(['512 B', '3.4 MB', '7000.0 GB']);
  });
});

describe('the status area', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function area(isTTY: boolean) {
    const written: string[] = [];
    const sink = { isTTY, columns: 80, write: (text: string) => written.push(text) };
    return {
      written,
      status: new StatusArea(sink, { live: true, mask: (text) => text.replaceAll('secret', '***') }),
    };
  }

  it('draws below the lines that are printed, and is gone in the end', () => {
    const { written, status } = area(true);
    status.start((frame) => [`frame ${frame}`, 'secret']);
    vi.advanceTimersByTime(80);
    expect(withoutEscapes(written.join(''))).toBe('frame 1\n***\n');
    written.length = 0;
    status.print('a secret line');
    expect(written.join('')).toContain('\u001b[2A\u001b[0Ja *** line\n');
    written.length = 0;
    status.stop();
    status.stop();
    expect(written.join('')).toBe('\u001b[2A\u001b[0J\u001b[?25h');
    vi.advanceTimersByTime(1000);
    expect(written).toHaveLength(1);
  });

  it('is only lines where there is no terminal', () => {
    const { written, status } = area(false);
    status.start(() => ['never']);
    vi.advanceTimersByTime(1000);
    status.print('line');
    status.stop();
    expect(written).toEqual(['line\n']);
  });

  it('shows running tasks with their progress, and one line for each that ended', () => {
    const { written, status } = area(true);
    let now = 0;
    const tasks = new TaskStatus(status, plain, () => now);
    const run = { startedAt: null, outputs: {}, error: null, durationMs: 1500 };
    tasks.onEvent({ type: 'execution-started', executionId: 'x', namespace: 'n', flowId: 'f' });
    for (let n = 0; n < 10; n++) {
      tasks.onEvent({ type: 'task-started', taskId: 'each', taskType: 'git.Clone', attempt: 1, value: n });
    }
    const progress = { phase: 'receive' as const, done: 3, total: 9, bytes: 2048 };
    tasks.onEvent({ type: 'task-progress', taskId: 'each', progress });
    now = 2000;
    vi.advanceTimersByTime(80);
    const drawn = withoutEscapes(written.join('')).split('\n');
    expect(drawn[0]).toBe('⠙ each [0] (git.Clone)  2.0 s  receiving 3 of 9, 2.0 kB');
    expect(drawn.slice(7)).toEqual([expect.stringContaining('each [7]'), '  … and 2 more', '']);
    written.length = 0;
    tasks.onEvent({
      type: 'task-retried',
      taskId: 'each',
      attempt: 1,
      waitMs: 3000,
      message: 'the remote\nwas busy',
    });
    vi.advanceTimersByTime(80);
    tasks.onEvent({
      type: 'task-ended',
      position: 0,
      place: 'each/0',
      run: { ...run, taskId: 'each', type: 'git.Clone', state: 'WARNING', attempts: 2, value: 0 },
    });
    const text = withoutEscapes(written.join(''));
    expect(text).toContain('each [0] (git.Clone)  2.0 s  attempt 1 failed, again in 3.0 s\n');
    expect(text).toContain('! each [0] (git.Clone)  1.5 s, 2 attempts\n');
    status.stop();
  });
});
