import type { ReadableObjects } from '../objects/store.js';
import type { DiskPack } from '../pack/disk-pack.js';
import type { RemoteSession } from '../session.js';
import { checkedKeys, verifyNamed } from '../snapshot/verify-revision.js';
import type { RemoteRefs, Revision, SignatureCheck } from '../types.js';
import type { ClonePlan } from './plan-clone.js';

/** What a clone fetched, and what it is about to check out of it. */
interface Fetched {
  pack: DiskPack;
  plan: ClonePlan;
  refs: RemoteRefs;
}

/**
 * What checks the signature of what a clone is about to check out; of what else it fetched nothing is said.
 * @throws InvalidPropertiesError
 */
export function cloneVerifier({ url }: RemoteSession, revision: Revision, check: SignatureCheck) {
  const keys = checkedKeys(check, revision);
  return async ({ pack, plan, refs }: Fetched): Promise<void> => {
    if (plan.commit === null) return;
    const ref = `refs/tags/${plan.tag ?? ''}`;
    const tag = refs.peeled.has(ref) ? refs.refs.get(ref) : undefined;
    const name = plan.tag ?? plan.branch ?? plan.commit;
    await verifyNamed(objectsOf(pack), { url, commit: plan.commit, name, tag }, check.mode, keys);
  };
}

function objectsOf(pack: DiskPack): ReadableObjects {
  return {
    has: (oid) => pack.table.find(oid) !== -1,
    get(oid) {
      const entry = pack.table.find(oid);
      const type = entry === -1 ? null : pack.table.type(entry);
      return type === null ? undefined : { type, data: pack.content(entry) };
    },
  };
}
