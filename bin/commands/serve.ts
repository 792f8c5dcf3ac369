import { type Arguments, type Command, lastValue } from '../command.js';
import { UsageError } from '../usage-error.js';

/** `flowgit serve` */
export const serve: Command = {
  name: 'serve',
  arguments: '',
  arity: { min: 0, max: 0 },
  summary: 'Serve the REST API and webhooks, and run flows',
  description:
    'Serves the API (described at /api/docs), starts flows by schedules and webhooks, and carries queued runs out, until SIGTERM or SIGINT; runs under way are then given 30 seconds. Listens on the loopback address unless told otherwise, which needs a token: see "flowgit token".',
  options: [
    { name: 'host', value: 'ADDRESS', description: 'Where to listen (or FLOWGIT_HOST). Default: 127.0.0.1' },
    {
      name: 'port',
      value: 'PORT',
      description: 'Where to listen (or FLOWGIT_PORT); 0 for any that is free. Default: 8080',
    },
    { name: 'concurrency', value: 'COUNT', description: 'Runs at once in this process. Default: 4' },
    {
      name: 'jitter',
      value: 'SECONDS',
      description: 'Spread scheduled runs of one moment over so long. Default: 0',
    },
    { name: 'no-worker', description: 'Run nothing in this process; leave it to others' },
    {
      name: 'allow-remote',
      value: 'REMOTE',
      multiple: true,
      description:
        'A host, network or directory that flows may reach (or FLOWGIT_ALLOWED_REMOTES, with commas). Default: * for every public host. See docs/allowed-remotes.md',
    },
  ],
  examples: [
    'flowgit serve',
    'flowgit serve --storage postgres://db.example/flows --host 0.0.0.0 --concurrency 8',
    "flowgit serve --allow-remote '*' --allow-remote git.internal",
  ],
  async run(session, args) {
    const { env } = session.surroundings;
    const allowed = args.values.get('allow-remote') ?? listOf(env.FLOWGIT_ALLOWED_REMOTES);
    const options = {
      host: lastValue(args, 'host') ?? env.FLOWGIT_HOST ?? '127.0.0.1',
      port: wholeNumber(args, 'port', { fallback: env.FLOWGIT_PORT ?? '8080', min: 0, max: 65_535 }),
      concurrency: args.switches.has('no-worker')
        ? 0
        : wholeNumber(args, 'concurrency', { fallback: '4', min: 1, max: 1000 }),
      jitterMs: 1000 * wholeNumber(args, 'jitter', { fallback: '0', min: 0, max: 3600 }),
      allowedRemotes: allowed,
    };
    const { runServer } = await import('../server/run-server.js');
    return runServer(session, options);
  },
};

function wholeNumber(
  args: Arguments,
  name: string,
  { fallback, min, max }: { fallback: string; min: number; max: number },
): number {
  const text = lastValue(args, name) ?? fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} is a whole number from ${min} to ${max}.`);
}

function listOf(text: string | undefined): string[] | undefined {
  const entries = (text ?? '').split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]));
  return entries.length === 0 ? undefined : entries;
}
