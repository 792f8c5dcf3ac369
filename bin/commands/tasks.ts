import type { Command } from '../command.js';

/** `flowgit tasks [TYPE]` */
export const tasks: Command = {
  name: 'tasks',
  arguments: '[TYPE]',
  arity: { min: 0, max: 1 },
  summary: "List the tasks, or one task's properties, defaults and examples",
  options: [],
  examples: [
    'flowgit tasks',
    'flowgit tasks git.PushFlows',
    'flowgit tasks io.kestra.plugin.git.SyncFlows --json',
  ],
  async run(session, args) {
    const [{ createRegistry }, pages] = await Promise.all([
      import('../registry.js'),
      import('../catalogue/task-pages.js'),
    ]);
    const registry = createRegistry();
    const [name] = args.positionals;
    if (name === undefined) {
      if (session.settings.json)
        session.printJson(registry.list().map((type) => pages.taskEntry(type, registry)));
      else session.print(pages.taskList(registry.list(), session.colors));
      return 0;
    }
    const type = registry.get(name);
    if (session.settings.json) session.printJson(pages.taskDocument(type, registry));
    else session.print(pages.taskPage(type, registry, session.colors));
    return 0;
  },
};
