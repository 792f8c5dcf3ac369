import type { Command } from '../command.js';

/** `flowgit export DIR` */
export const exportCommand: Command = {
  name: 'export',
  arguments: 'DIR',
  arity: { min: 1, max: 1 },
  summary: 'Write the storage into a plain directory',
  description:
    'Writes flows/<namespace>/<id>.yml, files/<namespace>/<path> and dashboards/<id>.yml. Files that are there beside them stay.',
  options: [],
  examples: ['flowgit export backup', 'flowgit export backup --storage file:./flowgit-data --dry-run'],
  async run(session, args) {
    const [{ resolve }, { withStorage }, { exportDirectory }, { printTransfer }] = await Promise.all([
      import('node:path'),
      import('../storage.js'),
      import('../plain-directory/export-directory.js'),
      import('../plain-directory/transfer.js'),
    ]);
    const { dryRun } = session.settings;
    const directory = resolve(session.io.cwd, args.positionals[0] ?? '');
    printTransfer(
      session,
      await withStorage(session, (storage) => exportDirectory(storage, { directory, dryRun })),
    );
    return 0;
  },
};
