export { type CreateGitOptions, createGit } from './connect.js';
export { defaultLimits } from './limits.js';
export { openSigner } from './signature/open-signer.js';
export type * from './types.js';
