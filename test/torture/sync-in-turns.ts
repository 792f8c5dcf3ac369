// Syncs two commits in turns into a directory storage until it is killed: `url directory commit commit`.
import { createRunContext } from '../../src/runtime/create-context.js';
import { openStorage } from '../../src/storage/index.js';
import { SyncFlows } from '../../tasks/sync-flows.js';

const [url = '', directory = '', ...commits] = process.argv.slice(2);
const storage = await openStorage(`file:${directory}`);
const context = createRunContext({ storage });
process.stdout.write('ready\n');
for (;;) {
  for (const commit of commits) {
    await new SyncFlows({ url, commit, targetNamespace: 'company.team', delete: true }).run(context);
  }
}
