/**
 * flowgit: git tasks for workflow engines.
 *
 * A task is a class with declarative properties. Run one from a program with
 * `await new SyncFlows({ url, targetNamespace }).run(createRunContext({ storage }))`, or run a whole flow file with
 * `executeFlow`.
 *
 * @module
 */
import { Clone } from './clone.js';
import { PushFlows } from './push-flows.js';
import { PushNamespaceFiles } from './push-namespace-files.js';
import { SyncFlows } from './sync-flows.js';
import { SyncNamespaceFiles } from './sync-namespace-files.js';

/** The git tasks of this package. Adding a task is one file and one line here. */
export const gitTasks = [SyncFlows, SyncNamespaceFiles, PushFlows, PushNamespaceFiles, Clone] as const;

export { Clone, PushFlows, PushNamespaceFiles, SyncFlows, SyncNamespaceFiles };
