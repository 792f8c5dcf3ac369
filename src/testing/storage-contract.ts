import { batchCases } from './storage-contract/batches.js';
import type { StorageContractCase, StorageHarness } from './storage-contract/case.js';
import { contentCases } from './storage-contract/contents.js';
import { fileTreeCases } from './storage-contract/file-tree.js';
import { historyCases } from './storage-contract/history.js';
import { listingCases } from './storage-contract/listing.js';
import { revisionCases } from './storage-contract/revisions.js';

export type { StorageContractCase, StorageHarness } from './storage-contract/case.js';

/** What every storage adapter promises beyond its types. Each case wants a storage of its own, empty and just opened. */
export const storageContract: readonly StorageContractCase[] = [
  ...listingCases,
  ...contentCases,
  ...revisionCases,
  ...historyCases,
  ...batchCases,
  ...fileTreeCases,
];

/** The two functions a test runner has, whichever it is. */
export interface TestRunner {
  describe(title: string, body: () => void): void;
  it(title: string, body: () => Promise<void>): void;
}

/**
 * Runs the contract against an adapter, in its author's test file:
 *
 *     import { describe, it } from 'vitest';
 *     runStorageContract('my storage', async () => ({ storage: await openMyStorage() }), { describe, it });
 *
 * `open` is called for each case. Give `reopen` where contents outlive the adapter, and `cleanup` to remove them.
 */
export function runStorageContract(
  name: string,
  open: () => Promise<StorageHarness>,
  { describe, it }: TestRunner,
): void {
  describe(`${name} keeps the storage contract`, () => {
    for (const { title, run } of storageContract) {
      it(title, async () => {
        const harness = await open();
        try {
          await run(harness);
        } finally {
          await harness.storage.close?.();
          await harness.cleanup?.();
        }
      });
    }
  });
}
