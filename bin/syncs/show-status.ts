import pLimit from 'p-limit';
import type { FlowDefinition } from '../../schemas/flow.js';
import { listKnownSyncs, selectSyncs } from '../../src/plan/known-syncs.js';
import type { RunContext } from '../../src/runtime/context.js';
import { readConnections } from '../../src/runtime/syncs/connections.js';
import { hasDrifted, ownedBySyncs, syncStatus } from '../../src/runtime/syncs/sync-status.js';
import { readFlowFile } from '../flow-file.js';
import { planContext } from '../plan-context.js';
import { createRegistry } from '../registry.js';
import type { Session } from '../session.js';
import { withStorage } from '../storage.js';
import { formatStatus } from './format-syncs.js';

export interface StatusOptions {
  name: string | undefined;
  /** Flow files that say how repositories are reached. */
  flows: readonly string[];
  fetches: boolean;
  verbose: boolean;
  /** Whether the exit code tells of changes. */
  detailed: boolean;
}

const remotesAtOnce = 4;

/** Prints where every sync and push stands, and resolves to the exit code. */
export async function showStatus(session: Session, options: StatusOptions): Promise<number> {
  const { settings, colors } = session;
  return withStorage(session, async (storage) => {
    const context = await planContext(session, storage);
    const known = await listKnownSyncs(storage);
    const owned = ownedBySyncs(known);
    const connections = options.fetches ? await connectionsOf(session, options.flows, context) : null;
    const limit = pLimit(remotesAtOnce);
    const syncs = await Promise.all(
      selectSyncs(known, options.name).map((one) =>
        limit(() => syncStatus(one, { context, owned, connections })),
      ),
    );
    if (settings.json) session.printJson({ syncs });
    else if (syncs.length === 0) session.print('No sync or push has run with this storage.\n');
    else
      session.print(syncs.map((one) => formatStatus(one, { colors, verbose: options.verbose })).join('\n'));
    return options.detailed && syncs.some(hasDrifted) ? 2 : 0;
  });
}

async function connectionsOf(session: Session, files: readonly string[], context: RunContext) {
  const flows: FlowDefinition[] = [];
  for (const file of files) flows.push(await readFlowFile(session.io.cwd, file));
  return readConnections(flows, context, createRegistry());
}
