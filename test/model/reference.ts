/**
 * What a sync or push is to do, in a page: one decision per resource, from what both sides have, what they had when they
 * last agreed, and the policy. It knows nothing of ids, batches, receipts or records.
 */

export interface Policy {
  onConflict: 'SOURCE' | 'FAIL' | 'SKIP' | 'MERGE';
  delete: boolean;
  deleteScope: 'ALL' | 'OWNED';
  allowEmpty: boolean;
  maxDeletes: string | undefined;
  adopt: boolean;
  ignoreInvalidFlows: boolean;
}

/** A resource's content: three fields far enough apart to be merged one by one. Null is absent. */
export type Content = string | null;

/** What both sides had when a run last left them in agreement. */
export interface Base {
  git: Content;
  stored: Content;
  /** What a merge left both sides with in common, when they have different contents. */
  common?: string;
}

export interface Situation {
  source: Content;
  target: Content;
  /** Which side of a base the target is. */
  targetIs: 'git' | 'stored';
  own: Base | undefined;
  /** What the runs of the other direction last saw. */
  others: readonly Base[];
}

export type Decision =
  /** The target's content afterwards, and what is remembered; `keep` leaves the record as it was. */
  { target: Content; base: Base | 'keep' | 'forget'; deletes?: true } | { conflict: true };

export function decide(situation: Situation, policy: Policy): Decision {
  const { source, target, targetIs, own, others } = situation;
  const sourceIs = targetIs === 'git' ? 'stored' : 'git';
  const merging = policy.onConflict === 'MERGE';
  const both = (value: string, into: Content, common?: string): Base =>
    ({ [sourceIs]: value, [targetIs]: into, ...(common !== undefined && { common }) }) as unknown as Base;

  const base = own ?? (policy.onConflict === 'SOURCE' ? undefined : others.at(-1));
  const targetChanged =
    base === undefined ? target !== null : base.common !== undefined || base[targetIs] !== target;
  if (source === null) {
    if (target === null) return { target, base: 'forget' };
    if (!policy.delete || (policy.deleteScope === 'OWNED' && own === undefined))
      return { target, base: 'keep' };
    if (base !== undefined && targetChanged && policy.onConflict !== 'SOURCE') {
      return policy.onConflict === 'SKIP' ? { target, base: 'keep' } : { conflict: true };
    }
    return { target: null, base: 'forget', deletes: true };
  }
  if (source === target) return { target, base: both(source, target) };
  const sourceChanged = base !== undefined && base[sourceIs] !== source;
  const agreed = others.some((other) => other[sourceIs] === source && other[targetIs] === target);
  if (merging && base === undefined && targetChanged && !agreed) return { conflict: true };
  if (merging && base !== undefined && !sourceChanged && targetChanged && (own !== undefined || !agreed))
    return { target, base: 'keep' };
  if (base === undefined || !targetChanged || !sourceChanged || agreed || policy.onConflict === 'SOURCE')
    return { target: source, base: both(source, source) };
  if (policy.onConflict === 'FAIL') return { conflict: true };
  if (policy.onConflict === 'SKIP') return { target, base: 'keep' };
  const merged = target === null ? null : mergeAll([...(own ? [own] : []), ...others], source, target);
  if (merged === null) return { conflict: true };
  return { target: merged, base: both(source, merged, merged === source ? undefined : source) };
}

/** Every base has to lead to the same: which of them is the latest, nobody knows. */
function mergeAll(bases: readonly Base[], source: string, target: string): Content {
  const results = new Set(bases.map((base) => mergeFields(base.common ?? base.git ?? '', source, target)));
  const [only = null] = results;
  return results.size === 1 ? only : null;
}

/** Field by field: what one side left alone is the other's. Null when both changed a field, each in its own way. */
export function mergeFields(base: string, source: string, target: string): Content {
  const [b, s, t] = [base, source, target].map((content) => content.split('|')) as [
    string[],
    string[],
    string[],
  ];
  const merged = s.map((mine, field) => {
    const theirs = t[field] ?? '';
    if (mine === theirs || theirs === b[field]) return mine;
    return mine === b[field] ? theirs : null;
  });
  return merged.includes(null) ? null : merged.join('|');
}

/** How many deletions a policy allows of so many resources. */
export function mayDelete(deletions: number, resources: number, maxDeletes: string | undefined): boolean {
  if (maxDeletes === undefined) return deletions <= 10 || deletions <= resources / 2;
  if (!maxDeletes.endsWith('%')) return deletions <= Number(maxDeletes);
  return deletions <= (Number(maxDeletes.slice(0, -1)) * resources) / 100;
}
