// Syncs two commits in turns until it is killed: `url storage cacheDirectory commit commit`.
import { createRunContext } from '../../src/runtime/create-context.js';
import { openStorage } from '../../src/storage/index.js';
import { SyncFlows } from '../../tasks/sync-flows.js';

const [url = '', location = '', cacheDir = '', ...commits] = process.argv.slice(2);
const storage = await openStorage(location);
const context = createRunContext({ storage, network: { cacheDir } });
process.stdout.write('ready\n');
for (;;) {
  for (const commit of commits) {
    await new SyncFlows({ url, commit, targetNamespace: 'company.team', delete: true }).run(context);
  }
}
