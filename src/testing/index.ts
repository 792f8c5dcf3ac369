export type { GitServer, GitServerOptions, ServedRequest } from './git-server.js';
export { startGitServer } from './git-server.js';
