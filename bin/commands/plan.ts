import { type Command, lastValue } from '../command.js';
import { saveOutput } from '../options.js';

/** `flowgit plan FLOW.yml` */
export const plan: Command = {
  name: 'plan',
  arguments: 'FLOW.yml',
  arity: { min: 1, max: 1 },
  summary: 'Show what a flow file would change',
  description:
    'Runs a flow file with every git task as a dry run: the plans are made and shown, and nothing is written to the storage or to any repository. With --output the plans are saved with all they need, for "flowgit apply".',
  options: [
    saveOutput,
    {
      name: 'detailed-exitcode',
      description: 'Exit with 0 when nothing would change, 1 on an error, 2 when something would',
    },
  ],
  examples: [
    'flowgit plan sync.yml',
    'flowgit plan sync.yml --diff',
    'flowgit plan sync.yml -o plan.json',
    'flowgit plan sync.yml --detailed-exitcode --json',
  ],
  async run(session, args) {
    const [{ runFlow }, { printPlanned }] = await Promise.all([
      import('../run-flow.js'),
      import('../print-planned.js'),
    ]);
    const [flow = ''] = args.positionals;
    const output = lastValue(args, saveOutput.name);
    const outcome = await runFlow(session, args, { flow, dryRun: true, savesPlans: output !== undefined });
    return printPlanned(session, args, { outcome, output });
  },
};
