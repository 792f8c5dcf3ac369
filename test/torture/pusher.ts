// Pushes a new flow and an edited one, round after round: `url name rounds`. Starts when a line comes in.
import { createRunContext } from '../../src/runtime/create-context.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { PushFlows } from '../../tasks/push-flows.js';
import { fill } from '../support/world.js';
import { flowOfRound } from './rounds.js';

const [url = '', name = '', rounds = ''] = process.argv.slice(2);
const storage = createMemoryStorage();
let races = 0;
const log = (_: object, message: string) => {
  if (message.startsWith('someone else pushed first')) races++;
};
const logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
const context = createRunContext({ storage, logger, identity: { namespace: 'system', flowId: name } });

process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
for (let round = 1; round <= Number(rounds); round++) {
  const began = performance.now();
  races = 0;
  const flows = [`${name}-${round}`, `${name}-newest`];
  await fill(storage, Object.fromEntries(flows.map((id) => [`dev/${id}`, flowOfRound(id, round)])));
  const { commitId } = await new PushFlows({ url, sourceNamespace: 'dev', flows: `${name}-*` }).run(context);
  const ms = Math.round(performance.now() - began);
  process.stdout.write(`${JSON.stringify({ commitId, races, ms })}\n`);
}
process.stdin.destroy();
