import { type FlowDefinition, tasksOf } from '../../schemas/flow.js';
import type { TaskRegistry } from '../runtime/registry.js';

const defaultBranch = 'main';

/**
 * What runs of a flow must have for themselves: the flow, when it has git tasks, and the remotes and branches these
 * name. What is written as an expression is known only when it runs; there the flow's own key has to do.
 */
export function exclusiveKeys(flow: FlowDefinition, registry: TaskRegistry): string[] {
  const gitTasks = tasksOf(flow)
    .map(({ task }) => task)
    .filter(({ type }) => registry.canonical(type).startsWith('git.'));
  if (gitTasks.length === 0) return [];
  const remotes = gitTasks.flatMap(({ url, branch = defaultBranch }) =>
    isLiteral(url) && isLiteral(branch) ? [`remote ${withoutCredentials(url)} ${branch}`] : [],
  );
  return [...new Set([`flow ${flow.namespace}.${flow.id}`, ...remotes])];
}

function isLiteral(text: unknown): text is string {
  return typeof text === 'string' && !text.includes('{{') && !text.includes('{%');
}

/** One repository has many spellings of its URL; the most common ones count as the same. */
function withoutCredentials(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href.replace(/\/$/, '').replace(/\.git$/, '');
}
