/** What a push takes, as one room to load. */
export { openForPush } from './open-for-push.js';
export { pushCommit } from './push-commit.js';
export { discoverReceivePack } from './receive-pack.js';
