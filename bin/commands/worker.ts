import type { Command } from '../command.js';
import { runOptions } from '../options.js';
import {
  allowedRemotes,
  allowRemote,
  concurrency,
  retain,
  retainFailed,
  retention,
  wholeNumber,
} from '../server-options.js';
import { UsageError } from '../usage-error.js';

/** `flowgit worker` */
export const worker: Command = {
  name: 'worker',
  arguments: '',
  arity: { min: 0, max: 0 },
  summary: 'Carry queued runs out, beside a server',
  description:
    'Takes runs that "flowgit serve" and other servers queued in the same PostgreSQL and carries them out, on any machine, until SIGTERM or SIGINT; runs under way are then given --grace seconds and go back to the queue after that. A worker that is killed loses its runs to others within 30 seconds. See docs/workers.md.',
  options: [
    concurrency,
    {
      name: 'grace',
      value: 'SECONDS',
      description: 'How long runs under way may take when the worker stops. Default: 30',
    },
    allowRemote,
    retain,
    retainFailed,
  ],
  refuses: runOptions,
  examples: [
    'flowgit worker --storage postgres://db.example/flows',
    "flowgit worker --storage postgres://db.example/flows --concurrency 8 --allow-remote '*' --allow-remote git.internal",
  ],
  async run(session, args) {
    const { storage } = session.settings;
    if (!/^postgres(ql)?:/.test(storage)) {
      throw new UsageError(
        'A worker needs storage in a PostgreSQL server, which it shares with others.',
        'Give it with --storage postgres://…; "flowgit serve" runs flows of every other storage by itself.',
      );
    }
    const options = {
      concurrency: wholeNumber(args, 'concurrency', { fallback: '4', min: 1, max: 1000 }),
      graceMs: 1000 * wholeNumber(args, 'grace', { fallback: '30', min: 0, max: 86_400 }),
      allowedRemotes: allowedRemotes(session, args),
      retention: retention(args),
    };
    const { runWorker } = await import('../server/run-worker.js');
    await runWorker(session, options);
    return 0;
  },
};
