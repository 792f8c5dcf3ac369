import type { ChangeState } from '../../schemas/plan.js';
import type { ResourceKey } from '../../schemas/resources.js';
import type { Session } from '../session.js';
import { plainLine } from '../terminal/plain-text.js';

/** What became of one resource that was carried between storage and a directory. */
export interface TransferRow {
  state: ChangeState;
  /** In the directory. */
  path: string;
  key: ResourceKey;
}

export interface Transfer {
  rows: readonly TransferRow[];
  summary: { added: number; updated: number; deleted: number; unchanged: number };
}

export function summarizeTransfer(rows: readonly TransferRow[]): Transfer['summary'] {
  const count = (state: ChangeState) => rows.filter((row) => row.state === state).length;
  return {
    added: count('ADDED'),
    updated: count('UPDATED'),
    deleted: count('DELETED'),
    unchanged: count('UNCHANGED'),
  };
}

const maxRows = 50;

/** Writes a transfer as the result of a command. */
export function printTransfer(session: Session, { rows, summary }: Transfer): void {
  const { colors, settings } = session;
  const changed = rows.filter((row) => row.state !== 'UNCHANGED');
  if (settings.json) {
    session.printJson({ dryRun: settings.dryRun, summary, changes: changed });
    return;
  }
  for (const { state, path } of changed.slice(0, maxRows)) {
    if (state === 'ADDED') session.print(`${colors.green(`  + ${plainLine(path)}`)}\n`);
    else if (state === 'DELETED') session.print(`${colors.red(`  - ${plainLine(path)}`)}\n`);
    else session.print(`${colors.yellow(`  ~ ${plainLine(path)}`)}\n`);
  }
  if (changed.length > maxRows) {
    session.print(colors.dim(`  … and ${changed.length - maxRows} more; --json lists all of them\n`));
  }
  const { added, updated, deleted, unchanged } = summary;
  const note = settings.dryRun ? ' (dry run, nothing was written)' : '';
  session.print(`${added} added, ${updated} updated, ${deleted} deleted, ${unchanged} unchanged${note}\n`);
}
