import type { Command } from '../command.js';

/** `flowgit schema [TYPE]` */
export const schema: Command = {
  name: 'schema',
  arguments: '[TYPE]',
  arity: { min: 0, max: 1 },
  summary: 'JSON Schema of a flow file, or of one task',
  description:
    'Prints a JSON Schema that editors check and complete flow files with. In a YAML file, "# yaml-language-server: $schema=flow.schema.json" on the first line names it.',
  options: [],
  examples: ['flowgit schema > flow.schema.json', 'flowgit schema git.SyncFlows'],
  async run(session, args) {
    const [{ createRegistry }, { flowSchema, singleTaskSchema }] = await Promise.all([
      import('../registry.js'),
      import('../catalogue/flow-schema.js'),
    ]);
    const registry = createRegistry();
    const [type] = args.positionals;
    session.printJson(
      type === undefined ? flowSchema(registry) : singleTaskSchema(registry.get(type), registry),
    );
    return 0;
  },
};
