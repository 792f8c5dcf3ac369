/** Flows as files of git and as texts of storage: what the flow tasks open while the server answers. */
export { rewriteNamespace } from '../resources/flow-source.js';
export { adoptChanged, adoptFlows } from './adopt-flows.js';
export { memoryOf, readGitFlows, refuseDuplicates } from './git-flows.js';
export { ignoredFlows } from './ignored-flows.js';
export { placeFlows, rememberPushed } from './place-flows.js';
export { readStoredFlows } from './stored-flows.js';
