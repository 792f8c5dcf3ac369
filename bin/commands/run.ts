import type { Command } from '../command.js';
import { confirmDeletes } from '../options.js';

/** `flowgit run FLOW.yml` */
export const run: Command = {
  name: 'run',
  arguments: 'FLOW.yml',
  arity: { min: 1, max: 1 },
  summary: 'Run a flow file once',
  description:
    'Runs the tasks of a flow file once, without its triggers, and exits with 0 when it succeeded (warnings included) or 1 when it failed.',
  options: [confirmDeletes],
  examples: [
    'flowgit run sync.yml --secret GITHUB_ACCESS_TOKEN=@token.txt',
    'flowgit run sync.yml --dry-run --diff',
    'flowgit run sync.yml --confirm-deletes',
    'flowgit run push.yml --storage file:./flows --input branch=main --json',
  ],
  async run(session, args) {
    const [{ runFlow }, { printOutcome }, { exitCodeOf }] = await Promise.all([
      import('../run-flow.js'),
      import('../print-outcome.js'),
      import('../exit-code.js'),
    ]);
    const [file = ''] = args.positionals;
    const outcome = await runFlow(session, args, { flow: file, dryRun: session.settings.dryRun });
    if (session.settings.json) session.printJson(outcome.execution);
    else await printOutcome(session, outcome);
    return exitCodeOf(outcome.execution, session.io.signal);
  },
};
