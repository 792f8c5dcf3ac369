import * as z from 'zod';
import { NetworkError, TaskFailedError } from '../../src/errors.js';
import type { RunContext } from '../../src/runtime/context.js';
import type { AnyTaskType } from '../../src/runtime/registry.js';
import { Task } from '../../src/runtime/task.js';

const anything = z.record(z.string(), z.unknown());
const callProperties = z.strictObject({ name: z.string().default('default') });

/** A task type that hands its context to the test, by the task's `name`. */
export function callTask(calls: Record<string, (context: RunContext) => unknown>): AnyTaskType {
  return class Call extends Task<typeof callProperties, Record<string, unknown>> {
    static readonly type = 'test.Call';
    static readonly title = 'Call the test.';
    static readonly properties = callProperties;
    static readonly output = anything;
    static readonly examples = [];

    async run(context: RunContext) {
      const { name } = await this.resolve(context);
      return (await calls[name]?.(context)) as Record<string, unknown>;
    }
  };
}

const flakyProperties = z.strictObject({
  succeedsAt: z.int().default(1_000),
  retryable: z.boolean().default(true),
  kind: z.enum(['ours', 'foreign']).default('ours'),
});

/** Fails until the attempt it is told of. */
export class Flaky extends Task<typeof flakyProperties, { attempt: number }> {
  static readonly type = 'test.Flaky';
  static readonly title = 'Fail a few times.';
  static readonly properties = flakyProperties;
  static readonly output = z.object({ attempt: z.int() });
  static readonly examples = [];

  async run(context: RunContext) {
    const { succeedsAt, retryable, kind } = await this.resolve(context);
    const attempt = Number((context.variables.taskrun as { attemptsCount: number }).attemptsCount);
    if (attempt >= succeedsAt) return { attempt };
    if (kind === 'foreign') throw new TypeError('not one of ours');
    throw retryable ? new NetworkError('connection refused') : new TaskFailedError('no use');
  }
}

const hangProperties = z.strictObject({ deaf: z.boolean().default(false) });

/** Never ends; heeds its signal unless it is deaf. */
export class Hang extends Task<typeof hangProperties, Record<string, unknown>> {
  static readonly type = 'test.Hang';
  static readonly title = 'Hang.';
  static readonly properties = hangProperties;
  static readonly output = anything;
  static readonly examples = [];

  async run(context: RunContext): Promise<Record<string, unknown>> {
    const { deaf } = await this.resolve(context);
    return forever(deaf ? undefined : context.signal);
  }
}

/** Ends when the signal is aborted, and not otherwise. */
export async function forever(signal?: AbortSignal): Promise<never> {
  await new Promise<void>((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
  signal?.throwIfAborted();
  throw new Error('only an abort ends this');
}

const secretiveProperties = z.strictObject({ token: z.string(), dryRun: z.boolean().default(false) });

/** Puts what it is given everywhere it should not be. */
export class Secretive extends Task<typeof secretiveProperties, Record<string, unknown>> {
  static readonly type = 'test.Secretive';
  static readonly title = 'Leak.';
  static readonly properties = secretiveProperties;
  static readonly output = anything;
  static readonly examples = [];

  async run(context: RunContext) {
    const { token, dryRun } = await this.resolve(context);
    context.logger.info({ token }, `the token is ${token}`);
    context.progress({ phase: 'receive', done: 1, message: `remote says ${token}` });
    if (token.endsWith('fail')) throw new TaskFailedError(`bad token ${token}`);
    return { token, nested: { [token]: [token] }, dryRun };
  }
}
