import type { Colors } from 'picocolors/types.js';
import type { AnyTaskType, TaskRegistry } from '../../src/runtime/registry.js';
import { describeType } from './describe-type.js';
import { inputSchema, type JsonSchema, outputSchema } from './json-schema.js';

/** The list of tasks, for people. */
export function taskList(types: readonly AnyTaskType[], colors: Colors): string {
  const width = Math.max(0, ...types.map(({ type }) => type.length));
  return types
    .map(({ type, title, deprecated }) => {
      const mark = deprecated === undefined ? '' : ` ${colors.yellow('(deprecated)')}`;
      return `${colors.bold(type.padEnd(width))}  ${title}${mark}\n`;
    })
    .join('');
}

/** One task of the list, for programs. */
export function taskEntry({ type, title, deprecated }: AnyTaskType, registry: TaskRegistry) {
  return { type, aliases: aliasesOf(type, registry), title, deprecated: deprecated ?? null };
}

/** Everything there is to know about a task, for programs. Schemas are JSON Schema. */
export function taskDocument(task: AnyTaskType, registry: TaskRegistry) {
  return {
    ...taskEntry(task, registry),
    description: task.description ?? null,
    properties: inputSchema(task.properties),
    outputs: outputSchema(task.output),
    examples: task.examples,
  };
}

/** The same for people. */
export function taskPage(task: AnyTaskType, registry: TaskRegistry, colors: Colors): string {
  const aliases = aliasesOf(task.type, registry);
  const properties = inputSchema(task.properties);
  const outputs = outputSchema(task.output);
  const heading = (text: string) => `\n${colors.bold(text)}\n`;
  return [
    `${colors.bold(task.type)}  ${task.title}\n`,
    aliases.length === 0 ? '' : `${colors.dim(`also ${aliases.join(', ')}`)}\n`,
    task.deprecated === undefined ? '' : `${colors.yellow(`deprecated: ${task.deprecated}`)}\n`,
    task.description === undefined ? '' : `\n${task.description}\n`,
    heading('Properties'),
    ...rows(properties, colors),
    '  Every task also takes id, description, disabled, runIf, timeout, retry, allowFailure, allowWarning and logLevel.\n',
    heading('Outputs'),
    ...rows(outputs, colors),
    ...task.examples.flatMap(({ title, flow }) => [heading('Example'), `# ${title}\n`, flow]),
  ].join('');
}

function rows(schema: JsonSchema, colors: Colors): string[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const facts = [
      describeType(property),
      ...(property.default === undefined ? [] : [`default ${JSON.stringify(property.default)}`]),
      ...(required.has(name) && property.default === undefined ? ['required'] : []),
    ];
    const description = property.description === undefined ? '' : `\n      ${property.description}`;
    return `  ${colors.cyan(name)}  ${colors.dim(facts.join(', '))}${description}\n`;
  });
}

function aliasesOf(type: string, registry: TaskRegistry): string[] {
  return registry.spellings(type).filter((name) => name !== type);
}
