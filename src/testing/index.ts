export type { GitServer, GitServerOptions, ServedRequest } from './git-server.js';
export { startGitServer } from './git-server.js';
export type { StorageContractCase, StorageHarness, TestRunner } from './storage-contract.js';
export { runStorageContract, storageContract } from './storage-contract.js';
