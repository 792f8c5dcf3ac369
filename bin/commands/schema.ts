import type { Command } from '../command.js';

/** `flowgit schema [TYPE]` */
export const schema: Command = {
  name: 'schema',
  arguments: '[TYPE]',
  arity: { min: 0, max: 1 },
  summary: 'JSON Schema of flow files, one task or trigger, or saved plans',
  description:
    'Prints a JSON Schema that editors check and complete flow files with. In a YAML file, "# yaml-language-server: $schema=flow.schema.json" on the first line names it. "flowgit schema trigger" is for any entry of "triggers", and "flowgit schema plan" for what "flowgit plan -o" saves.',
  options: [],
  examples: [
    'flowgit schema > flow.schema.json',
    'flowgit schema git.SyncFlows',
    'flowgit schema core.trigger.Schedule',
    'flowgit schema plan',
  ],
  async run(session, args) {
    const [{ createRegistry }, { flowSchema, singleTaskSchema }, { findTriggerType }] = await Promise.all([
      import('../registry.js'),
      import('../catalogue/flow-schema.js'),
      import('../../schemas/triggers.js'),
    ]);
    const [type] = args.positionals;
    if (type === 'plan') {
      const { savedPlanSchema } = await import('../catalogue/plan-schema.js');
      session.printJson(savedPlanSchema());
      return 0;
    }
    const trigger = findTriggerType(type ?? '');
    if (type === 'trigger' || trigger !== null) {
      const schemas = await import('../catalogue/trigger-schema.js');
      session.printJson(trigger === null ? schemas.anyTriggerSchema() : schemas.singleTriggerSchema(trigger));
      return 0;
    }
    const registry = createRegistry();
    session.printJson(
      type === undefined ? flowSchema(registry) : singleTaskSchema(registry.get(type), registry),
    );
    return 0;
  },
};
