import { type Command, lastValue } from '../command.js';
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
    { name: 'concurrency', value: 'COUNT', description: 'Runs at once in this process. Default: 4' },
    {
      name: 'grace',
      value: 'SECONDS',
      description: 'How long runs under way may take when the worker stops. Default: 30',
    },
    {
      name: 'allow-remote',
      value: 'REMOTE',
      multiple: true,
      description:
        'A host, network or directory that flows may reach (or FLOWGIT_ALLOWED_REMOTES, with commas). Default: * for every public host. See docs/allowed-remotes.md',
    },
  ],
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
    const allowed =
      args.values.get('allow-remote') ?? listOf(session.surroundings.env.FLOWGIT_ALLOWED_REMOTES);
    const options = {
      concurrency: wholeNumber('concurrency', lastValue(args, 'concurrency') ?? '4', { min: 1, max: 1000 }),
      graceMs: wholeNumber('grace', lastValue(args, 'grace') ?? '30', { min: 0, max: 86_400 }) * 1000,
      allowedRemotes: allowed,
    };
    const { runWorker } = await import('../server/run-worker.js');
    await runWorker(session, options);
    return 0;
  },
};

function wholeNumber(name: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} is a whole number from ${min} to ${max}.`);
}

function listOf(text: string | undefined): string[] | undefined {
  const entries = (text ?? '').split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]));
  return entries.length === 0 ? undefined : entries;
}
