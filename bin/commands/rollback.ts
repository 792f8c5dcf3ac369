import { type Command, lastValue } from '../command.js';
import { confirmDeletes, saveOutput } from '../options.js';

/** `flowgit rollback --sync ID --to COMMIT` */
export const rollback: Command = {
  name: 'rollback',
  arguments: '--sync ID --to COMMIT',
  arity: { min: 0, max: 0 },
  summary: 'Bring a namespace back to what an earlier commit had',
  description:
    'Runs a sync that the storage remembers once more, at an earlier commit: what that commit had comes back, and what the sync brought later goes. Everything else stays, and the same guards hold as for any sync. The next ordinary run of the sync goes forward again: revert the commit in git, or stop the schedule, to stay there. The address is the one the storage remembers; credentials come from --username and --password, or from the task in --flow.',
  options: [
    { name: 'sync', value: 'ID', description: 'The sync: its whole id, as "flowgit status" tells it' },
    { name: 'to', value: 'COMMIT', description: 'Id of the commit, at least four digits of it' },
    {
      name: 'flow',
      value: 'FLOW.yml',
      description: 'Take connection and guards from the sync task in this flow',
    },
    { name: 'task', value: 'ID', description: 'Which task of the flow, when several could be meant' },
    { name: 'username', value: 'NAME', description: 'For HTTP; may be an expression' },
    {
      name: 'password',
      value: 'PASSWORD',
      description: `Password or token; write it as "{{ secret('NAME') }}" and give the secret with --secret`,
    },
    { name: 'max-deletes', value: 'N', description: 'How much may go: a count, or a share such as 50%' },
    {
      name: 'allow-empty',
      description: 'Let a commit without any flow or file remove everything the sync brought',
    },
    saveOutput,
    confirmDeletes,
  ],
  examples: [
    'flowgit rollback --sync sync-flow-company.team-1f3a90c2b4de --to 1755cbba31 --dry-run --diff',
    'flowgit rollback --sync sync-flow-company.team-1f3a90c2b4de --to 1755cbba31 --flow sync.yml',
    'flowgit rollback --sync sync-flow-company.team-1f3a90c2b4de --to 1755cbba31 -o plan.json',
  ],
  async run(session, args) {
    const [{ rollbackFlow }, { runFlow }, { printPlanned }] = await Promise.all([
      import('../rollback-flow.js'),
      import('../run-flow.js'),
      import('../print-planned.js'),
    ]);
    const output = lastValue(args, saveOutput.name);
    const flow = await rollbackFlow(session, args);
    const dryRun = session.settings.dryRun || output !== undefined;
    const outcome = await runFlow(session, args, { flow, dryRun, savesPlans: output !== undefined });
    return printPlanned(session, args, { outcome, output });
  },
};
