/** Where flows, namespace files, dashboards and flowgit's own records are kept: `import … from 'flowgit/storage'`. */

export type { DirectoryFs } from './directory/disk.js';
export type { DirectoryStorageOptions } from './directory.js';
export { createMemoryStorage } from './memory.js';
export { type OpenStorageOptions, openStorage } from './open.js';
export { openDirectoryStorage } from './open-directory.js';
export * from './types.js';
