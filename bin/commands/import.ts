import type { Command } from '../command.js';

/** `flowgit import DIR` */
export const importCommand: Command = {
  name: 'import',
  arguments: 'DIR',
  arity: { min: 1, max: 1 },
  summary: 'Read a plain directory into the storage',
  description:
    'Reads flows/<namespace>/*.yml, files/<namespace>/** and dashboards/*.yml, as export writes them. All flows are checked first; when one is invalid, nothing is written.',
  options: [{ name: 'delete', description: 'Remove from the storage what the directory does not have' }],
  examples: ['flowgit import backup', 'flowgit import backup --delete --dry-run'],
  async run(session, args) {
    const [{ resolve }, { withStorage }, { importDirectory }, { printTransfer }] = await Promise.all([
      import('node:path'),
      import('../storage.js'),
      import('../plain-directory/import-directory.js'),
      import('../plain-directory/transfer.js'),
    ]);
    const options = {
      directory: resolve(session.io.cwd, args.positionals[0] ?? ''),
      delete: args.switches.has('delete'),
      dryRun: session.settings.dryRun,
    };
    printTransfer(session, await withStorage(session, (storage) => importDirectory(storage, options)));
    return 0;
  },
};
