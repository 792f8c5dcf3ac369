import { type Command, lastValue } from '../command.js';
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
    concurrency,
    {
      name: 'jitter',
      value: 'SECONDS',
      description: 'Spread scheduled runs of one moment over so long. Default: 0',
    },
    { name: 'no-worker', description: 'Run nothing in this process; leave it to others' },
    allowRemote,
    retain,
    retainFailed,
  ],
  refuses: runOptions,
  examples: [
    'flowgit serve',
    'flowgit serve --storage postgres://db.example/flows --host 0.0.0.0 --concurrency 8',
    "flowgit serve --allow-remote '*' --allow-remote git.internal",
  ],
  async run(session, args) {
    const { env } = session.surroundings;
    const options = {
      host: lastValue(args, 'host') ?? env.FLOWGIT_HOST ?? '127.0.0.1',
      port: wholeNumber(args, 'port', { fallback: env.FLOWGIT_PORT ?? '8080', min: 0, max: 65_535 }),
      concurrency: args.switches.has('no-worker')
        ? 0
        : wholeNumber(args, 'concurrency', { fallback: '4', min: 1, max: 1000 }),
      jitterMs: 1000 * wholeNumber(args, 'jitter', { fallback: '0', min: 0, max: 3600 }),
      allowedRemotes: allowedRemotes(session, args),
      retention: retention(args),
    };
    const { runServer } = await import('../server/run-server.js');
    return runServer(session, options);
  },
};
