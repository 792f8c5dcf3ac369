export { type CreateGitOptions, createGit } from './connect.js';
export { defaultLimits } from './limits.js';
export type * from './types.js';
