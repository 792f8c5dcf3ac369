import { TaskRegistry } from '../src/runtime/registry.js';
import { coreTasks } from '../tasks/core/index.js';
import { gitTasks } from '../tasks/index.js';

/** The task types the command has. */
export function createRegistry(): TaskRegistry {
  return new TaskRegistry([...gitTasks, ...coreTasks]);
}
