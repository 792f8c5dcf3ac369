import * as z from 'zod';
import { strictObject } from './lazy-object.js';

/** What makes two runs the same sync: change one of these and it starts without a memory. */
export const syncIdentity = strictObject(() => ({
  direction: z.enum(['SYNC', 'PUSH']),
  kind: z.enum(['flow', 'file', 'dashboard']),
  url: z.string().describe('Without credentials.'),
  revision: z.string().describe('The branch, also while a sync reads a tag or a commit instead.'),
  directory: z.string(),
  namespace: z.string().describe('In storage.'),
  gitNamespace: z.string().describe('The one written into git, where that differs.'),
  children: z.boolean(),
  rewrite: z.string().describe('Further choices that change what is written, such as `references`.'),
}));
export type SyncIdentity = z.output<typeof syncIdentity>;
