import pLimit from 'p-limit';
import { planContext } from '../plan-context.js';
import type { Session } from '../session.js';
import { withStorage } from '../storage.js';
import { readConnections } from './connections.js';
import { formatStatus } from './format-syncs.js';
import { listKnownSyncs, selectSyncs } from './known-syncs.js';
import { hasDrifted, syncStatus } from './sync-status.js';

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
    const owned = new Set(
      known.flatMap(({ identity, record }) =>
        identity.direction === 'SYNC' && record !== null ? [...record.state.byKey.keys()] : [],
      ),
    );
    const connections = options.fetches
      ? await readConnections(options.flows, { cwd: session.io.cwd, context })
      : null;
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
