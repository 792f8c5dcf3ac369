import * as z from 'zod';
import { object } from './lazy-object.js';

/** Kinds of thing that storage holds. `state` is flowgit's own record of a sync. */
export const resourceKinds = ['flow', 'file', 'dashboard', 'state'] as const;
export const resourceKind = z.enum(resourceKinds);
export type ResourceKind = z.infer<typeof resourceKind>;

/**
 * Names one resource. `namespace` is empty for kinds that have none. `id` is a flow's id, a file's path relative
 * to its namespace (`dir/` with a trailing slash is an empty directory), a dashboard's id, a sync's id.
 */
export const resourceKey = object(() => ({
  kind: resourceKind,
  namespace: z.string(),
  id: z.string().min(1),
}));
export type ResourceKey = z.infer<typeof resourceKey>;

/** What names are made of, for checks that come by the ten thousand. */
const namespacePattern = /^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*$/;
const idPattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;

const maxNamespaceLength = 150;
const maxIdLength = 100;

/** As `namespaceName` says. */
export function isNamespaceName(text: string): boolean {
  return text.length <= maxNamespaceLength && namespacePattern.test(text);
}

/** As `identifier` says. */
export function isIdentifier(text: string): boolean {
  return text.length <= maxIdLength && idPattern.test(text);
}

/** A dotted namespace, as Kestra spells it. */
export const namespaceName = z
  .string()
  .max(maxNamespaceLength)
  .regex(namespacePattern, 'must be lower-case letters, digits, "-" and "_", in parts separated by dots');

/** A flow's or task's id. */
export const identifier = z
  .string()
  .min(1)
  .max(maxIdLength)
  .regex(idPattern, 'must start with a letter or digit and hold only letters, digits, ".", "_" and "-"');
