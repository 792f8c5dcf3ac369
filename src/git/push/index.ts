/** What a push takes once its base is open, as one room to load. */
export { buildTrees } from './build-commit.js';
export { pushCommit } from './push-commit.js';
export { discoverReceivePack } from './receive-pack.js';
