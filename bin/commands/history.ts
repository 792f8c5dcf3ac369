import type { Command } from '../command.js';

/** `flowgit history [SYNC]` */
export const history: Command = {
  name: 'history',
  arguments: '[SYNC]',
  arity: { min: 0, max: 1 },
  summary: 'Show the last runs of syncs and pushes',
  description:
    'Shows the last 50 runs of each sync, newest first, with what they changed. A run that found nothing to do writes nothing, and is not listed; runs that failed alike in a row share a line. SYNC is an id that "flowgit status" shows, or the beginning of one; with it, every changed resource is listed.',
  options: [],
  examples: [
    'flowgit history',
    'flowgit history sync-flow-company.team-1f3ab02c94de',
    'flowgit history --json',
  ],
  async run(session, args) {
    const { showHistory } = await import('../syncs/show-history.js');
    return showHistory(session, args.positionals[0]);
  },
};
