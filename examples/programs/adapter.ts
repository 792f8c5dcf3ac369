// A storage adapter of your own is one object with three methods. This one wraps the memory adapter and writes an audit
// line for every change; check yours with `storageContract` from `flowgit/testing`.
//   npx tsx examples/programs/adapter.ts https://github.com/company/flows
import { createRunContext, SyncNamespaceFiles } from 'flowgit';
import { createMemoryStorage, type StorageAdapter } from 'flowgit/storage';

function audited(storage: StorageAdapter, audit: (line: string) => void): StorageAdapter {
  return {
    location: `audited ${storage.location}`,
    list: (scope, options) => storage.list(scope, options),
    read: (keys, options) => storage.read(keys, options),
    async apply(batch, options) {
      const applied = await storage.apply(batch, options);
      for (const { key, revision } of applied)
        audit(`${key.kind} ${key.namespace}/${key.id} → revision ${revision}`);
      return applied;
    },
  };
}

const [url = ''] = process.argv.slice(2);
const context = createRunContext({ storage: audited(createMemoryStorage(), console.log) });
const { summary } = await new SyncNamespaceFiles({ url, namespace: 'company.team' }).run(context);
console.log(summary);
