import * as z from 'zod';
import { object } from './lazy-object.js';
import { resourceKey } from './resources.js';

/** What becomes of one resource. */
export const changeStates = [
  'ADDED',
  'UPDATED',
  'OVERWRITTEN',
  'UNCHANGED',
  'DELETED',
  'INVALID',
  'CONFLICT',
] as const;
export const changeState = z.enum(changeStates);
export type ChangeState = z.infer<typeof changeState>;

const oid = z.string().regex(/^[0-9a-f]{40}$/);

/** One side of a plan. */
export const planEndpoint = z.discriminatedUnion('kind', [
  object(() => ({
    kind: z.literal('git'),
    /** Without credentials. */
    url: z.string(),
    /** Branch, tag or commit that was opened. */
    revision: z.string(),
    /** Null in a repository, or on a branch, that has no commit yet. */
    commit: oid.nullable(),
    directory: z.string(),
  })),
  object(() => ({
    kind: z.literal('storage'),
    location: z.string(),
    resource: z.enum(['flow', 'file', 'dashboard']),
    namespace: z.string(),
    children: z.boolean(),
  })),
]);
export type PlanEndpoint = z.infer<typeof planEndpoint>;

/**
 * Both sides of a conflict as unified diffs, each of what they had in common against what it has now. Without a base,
 * `source` is the target's copy against the source's, and `target` is empty. Long ones are cut.
 */
export const conflictHunks = object(() => ({
  /** Blob id in git of what both sides had in common; null when that cannot be had. */
  base: oid.nullable(),
  source: z.string(),
  target: z.string(),
}));
export type ConflictHunks = z.infer<typeof conflictHunks>;

/** One resource of a plan: what it is in the target now (`before`) and what it will be (`after`), as blob ids. */
export const planChange = object(() => ({
  state: changeState,
  key: resourceKey,
  /** Path in the repository; where the resource would stand when git does not have it. */
  gitPath: z.string(),
  before: oid.nullable(),
  after: oid.nullable(),
  /** Lines added and removed, as `git diff --numstat` counts them; both 0 for binary content. */
  additions: z.int().nonnegative(),
  deletions: z.int().nonnegative(),
  /** Lines replaced in place: per edit the smaller of the two counts. */
  replaced: z.int().nonnegative(),
  /** Why it is `INVALID`, `CONFLICT` or was left alone. */
  note: z.string().nullable(),
  /** Of a `CONFLICT`: what each side made of it. */
  hunks: conflictHunks.optional(),
  /** The content after it has the changes of both sides. */
  merged: z.literal(true).optional(),
}));
export type PlanChange = z.infer<typeof planChange>;

/** Counts by state. */
export const planSummary = object(() => ({
  added: z.int().nonnegative(),
  updated: z.int().nonnegative(),
  overwritten: z.int().nonnegative(),
  deleted: z.int().nonnegative(),
  unchanged: z.int().nonnegative(),
  invalid: z.int().nonnegative(),
  conflicted: z.int().nonnegative(),
}));
export type PlanSummary = z.infer<typeof planSummary>;

/** What a run would do, as plain data: the same for a dry run and a real one. Changes are sorted by git path. */
export const planDocument = object(() => ({
  version: z.literal(1),
  direction: z.enum(['SYNC', 'PUSH']),
  task: z.string(),
  source: planEndpoint,
  target: planEndpoint,
  changes: z.array(planChange),
  summary: planSummary,
}));
export type PlanDocument = z.infer<typeof planDocument>;
