// Syncs a repository into a directory and prints what changed.
//   npx tsx examples/programs/sync-and-report.ts https://github.com/company/flows ./flows
import { createRunContext, SyncFlows } from 'flowgit';
import { openStorage } from 'flowgit/storage';

const [url = '', directory = './flowgit-data'] = process.argv.slice(2);
const storage = await openStorage(`file:${directory}`);
const context = createRunContext({ storage });

const output = await new SyncFlows({
  url,
  targetNamespace: 'company.team',
  includeChildNamespaces: true,
  delete: true,
}).run(context);

console.log(output.revision, output.summary);
console.log(new TextDecoder().decode(await context.outputFiles.read(output.flows)));
await storage.close?.();
