import { type RawBuilder, sql } from 'kysely';
import type { Scope } from '../types.js';

/** The rows of a scope, as a condition on the columns `tenant`, `kind` and `namespace`. */
export function inScopeSql(tenant: string, { kind, namespace, children }: Scope): RawBuilder<boolean> {
  const place = sql<boolean>`tenant = ${tenant} and kind = ${kind}`;
  if (!children) return sql`${place} and namespace = ${namespace}`;
  if (namespace === '') return place;
  // By whole dotted parts: "/" is the character after ".", so this is the range of what begins with "namespace.".
  return sql`${place} and (namespace = ${namespace}
    or (namespace >= ${`${namespace}.`} and namespace < ${`${namespace}/`}))`;
}
