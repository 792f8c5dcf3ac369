/** Where flows, namespace files, dashboards and flowgit's own records are kept: `import … from 'flowgit/storage'`. */
export { createMemoryStorage } from './memory.js';
export { openStorage } from './open.js';
export * from './types.js';
