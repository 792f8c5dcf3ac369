import type { Command } from '../command.js';

/** `flowgit blame NAMESPACE/ID` */
export const blame: Command = {
  name: 'blame',
  arguments: 'NAMESPACE/ID',
  arity: { min: 1, max: 1 },
  summary: 'Show which commit a flow or file came from',
  description:
    'Tells the repository, path, commit, author and time that a resource of the storage came from, and where it was pushed to. Everything is recorded: no remote is asked. The commit is the one that was synced when the resource last changed. A file is named by its namespace and path.',
  options: [{ name: 'kind', value: 'KIND', description: 'flow or file. Default: whichever there is' }],
  examples: [
    'flowgit blame company.team/hello',
    'flowgit blame company.team/scripts/report.py --kind file --json',
  ],
  async run(session, args) {
    const [{ showBlame }, { lastValue }] = await Promise.all([
      import('../syncs/show-blame.js'),
      import('../command.js'),
    ]);
    const [name = ''] = args.positionals;
    return showBlame(session, { name, kind: lastValue(args, 'kind') });
  },
};
