import type { Command } from '../command.js';
import { confirmDeletes } from '../options.js';

/** `flowgit apply PLAN.json` */
export const apply: Command = {
  name: 'apply',
  arguments: 'PLAN.json',
  arity: { min: 1, max: 1 },
  summary: 'Apply exactly a saved plan',
  description:
    'Applies what "flowgit plan -o PLAN.json" saved, to the byte. When the storage, the commit or anything else that the plan was made on is no longer the same, nothing is written and the exit code is 3. A plan that was edited is refused. With --dry-run it is only checked.',
  options: [confirmDeletes],
  examples: [
    'flowgit apply plan.json',
    'flowgit apply plan.json --secret GITHUB_ACCESS_TOKEN=@token.txt --confirm-deletes',
    'flowgit apply plan.json --dry-run --json',
  ],
  async run(session, args) {
    const { applyFile } = await import('../apply-file.js');
    const [file = ''] = args.positionals;
    return applyFile(session, { file, asks: args.switches.has(confirmDeletes.name) });
  },
};
