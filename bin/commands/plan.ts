import type { Command } from '../command.js';

/** `flowgit plan FLOW.yml` */
export const plan: Command = {
  name: 'plan',
  arguments: 'FLOW.yml',
  arity: { min: 1, max: 1 },
  summary: 'Show what a flow file would change',
  description:
    'Runs a flow file with every git task as a dry run: the plans are made and shown, and nothing is written to the storage or to any repository.',
  options: [
    {
      name: 'detailed-exitcode',
      description: 'Exit with 0 when nothing would change, 1 on an error, 2 when something would',
    },
  ],
  examples: [
    'flowgit plan sync.yml',
    'flowgit plan sync.yml --diff',
    'flowgit plan sync.yml --detailed-exitcode --json',
  ],
  async run(session, args) {
    const [{ runFlow }, { printOutcome }, { exitCodeOf }, { isChange }] = await Promise.all([
      import('../run-flow.js'),
      import('../print-outcome.js'),
      import('../exit-code.js'),
      import('../../src/plan/make-plan.js'),
    ]);
    const [file = ''] = args.positionals;
    const outcome = await runFlow(session, args, { file, dryRun: true });
    const { execution, plans } = outcome;
    if (session.settings.json) {
      session.printJson({
        ...execution,
        plans: plans.map(({ taskId, plan: { document } }) => ({ taskId, ...document })),
      });
    } else {
      await printOutcome(session, outcome);
    }
    const code = exitCodeOf(execution, session.io.signal);
    if (code !== 0 || !args.switches.has('detailed-exitcode')) return code;
    return plans.some(({ plan: { document } }) => document.changes.some(isChange)) ? 2 : 0;
  },
};
