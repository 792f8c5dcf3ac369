/**
 * Flows as files of git and as texts of storage. It comes with a YAML parser, larger than all the rest that a sync needs:
 * the flow tasks open this door while the server answers, and a run that finds nothing changed does not.
 */
export { rewriteNamespace } from '../resources/flow-source.js';
export { adoptChanged, adoptFlows } from './adopt-flows.js';
export { memoryOf, readGitFlows, refuseDuplicates } from './git-flows.js';
export { ignoredFlows } from './ignored-flows.js';
export { placeFlows, rememberPushed } from './place-flows.js';
export { readStoredFlows } from './stored-flows.js';
