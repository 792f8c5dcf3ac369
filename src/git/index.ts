export { type CreateGitOptions, createGit } from './connect.js';
export { defaultLimits } from './limits.js';
export { createRemotePolicy, type RemotePolicy, type RemotePolicyOptions } from './remote-policy/policy.js';
export { openSigner } from './signature/open-signer.js';
export type * from './types.js';
