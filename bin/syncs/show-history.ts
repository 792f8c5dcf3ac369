import { type KnownSync, listKnownSyncs, selectSyncs } from '../../src/plan/known-syncs.js';
import type { RunRecord } from '../../src/plan/run-records.js';
import type { Session } from '../session.js';
import { withStorage } from '../storage.js';
import { plainLine } from '../terminal/plain-text.js';
import { formatRun, formatSync } from './format-syncs.js';

/** Prints the runs of syncs, and resolves to the exit code. */
export async function showHistory(session: Session, name: string | undefined): Promise<number> {
  const { settings } = session;
  const syncs = await withStorage(session, async (storage) =>
    selectSyncs(await listKnownSyncs(storage), name),
  );
  const told = syncs.filter(({ runs }) => runs.length > 0);
  if (settings.json) {
    session.printJson({
      syncs: told.map(({ id, identity, runs }) => ({ id, sync: identity, runs: runs.toReversed() })),
    });
  } else if (told.length === 0) session.print('No run is recorded.\n');
  else session.print(told.map((sync) => formatHistory(session, sync, name !== undefined)).join('\n'));
  return 0;
}

function formatHistory({ colors }: Session, { id, identity, runs }: KnownSync, rows: boolean): string {
  const lines = runs
    .toReversed()
    .flatMap((run) => [`  ${formatRun(run, colors)}${by(run)}`, ...(rows ? changedRows(run) : [])]);
  return `${[`${colors.bold(formatSync(identity))} ${colors.dim(id)}`, ...lines].join('\n')}\n`;
}

function by({ flow }: RunRecord): string {
  return flow === '' ? '' : `, by ${plainLine(flow)}`;
}

function changedRows({ changes, more }: RunRecord): string[] {
  return [
    ...changes.map(
      ([state, path, name]) => `      ${state.padEnd(11)} ${plainLine(path)}  ${plainLine(name)}`,
    ),
    ...(more > 0 ? [`      … and ${more} more`] : []),
  ];
}
