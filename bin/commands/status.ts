import type { Command } from '../command.js';

/** `flowgit status` */
export const status: Command = {
  name: 'status',
  arguments: '[SYNC]',
  arity: { min: 0, max: 1 },
  summary: 'Show every sync and push that the storage knows of',
  description:
    'Shows of each its last run, and what changed in storage and in git since. Remotes are asked without credentials, or with those of the flows given with --flow, and for at most 10 seconds each; nothing is written. SYNC is an id, or the beginning of one.',
  options: [
    {
      name: 'flow',
      value: 'FLOW.yml',
      multiple: true,
      description:
        'A flow whose tasks say how its repositories are reached; secrets come from --secret and the like',
    },
    { name: 'no-fetch', description: 'Ask no remote' },
    { name: 'verbose', short: 'v', description: 'Name what changed' },
    { name: 'detailed-exitcode', description: 'Exit with 2 when something changed on either side' },
  ],
  examples: [
    'flowgit status',
    'flowgit status --verbose --flow sync.yml --secret GITHUB_ACCESS_TOKEN=@token.txt',
    'flowgit status --no-fetch --json',
  ],
  async run(session, args) {
    const { showStatus } = await import('../syncs/show-status.js');
    return showStatus(session, {
      name: args.positionals[0],
      flows: args.values.get('flow') ?? [],
      fetches: !args.switches.has('no-fetch'),
      verbose: args.switches.has('verbose'),
      detailed: args.switches.has('detailed-exitcode'),
    });
  },
};
