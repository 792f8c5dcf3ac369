// Shows, as unified diffs, what a push would commit. Nothing is written: the changed files exist in memory only.
//   npx tsx examples/programs/review-a-push.ts https://github.com/company/flows ./flows
import { createRunContext, PushFlows } from 'flowgit';
import { openStorage } from 'flowgit/storage';

const [url = '', directory = './flowgit-data'] = process.argv.slice(2);
const storage = await openStorage(`file:${directory}`);
const diffs: Promise<string>[] = [];
const context = createRunContext({
  storage,
  onPlan: (plan) => {
    for (const change of plan.document.changes) diffs.push(plan.diff(change));
  },
});

const { summary } = await new PushFlows({
  url,
  sourceNamespace: 'company.team',
  includeChildNamespaces: true,
  dryRun: true,
}).run(context);

console.log(summary);
console.log((await Promise.all(diffs)).join(''));
await storage.close?.();
