// Plans a sync and keeps the plan in a file for somebody to look at; called once more, applies exactly that plan. When
// the repository or the storage changed in between, nothing is written.
//   npx tsx examples/programs/plan-and-apply.ts https://github.com/company/flows ./flows plan.json
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { apply, createRunContext, StalePlanError, SyncFlows } from 'flowgit';
import { openStorage } from 'flowgit/storage';

const [url = '', directory = './flowgit-data', file = 'plan.json'] = process.argv.slice(2);
const storage = await openStorage(`file:${directory}`);
const context = createRunContext({ storage });

if (existsSync(file)) {
  try {
    const tasks = await apply(readFileSync(file, 'utf8'), context);
    for (const { plan } of tasks) console.log('applied', plan.summary);
  } catch (error) {
    if (!(error instanceof StalePlanError)) throw error;
    console.log(error.message);
  }
} else {
  const sync = new SyncFlows({ url, targetNamespace: 'company.team', includeChildNamespaces: true });
  const saved = await sync.plan(context);
  writeFileSync(file, JSON.stringify(saved, null, 2));
  for (const { plan } of saved.tasks) console.log('planned', plan.summary);
}
await storage.close?.();
