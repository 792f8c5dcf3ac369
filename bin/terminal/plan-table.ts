import type { Colors } from 'picocolors/types.js';
import type { PlanChange, PlanDocument, PlanEndpoint, PlanSummary } from '../../schemas/plan.js';
import { count } from './format.js';
import { plainLine } from './plain-text.js';

export interface PlanTableOptions {
  colors: Colors;
  /** Rows beyond this are counted instead. */
  maxRows: number;
  /** Where every row can be read. */
  rowsUri: string | null;
}

/** A plan for people: where from and where to, a row for everything that changes, and the counts. */
export function formatPlan(plan: PlanDocument, options: PlanTableOptions): string {
  const { colors } = options;
  const rows = plan.changes.filter((change) => change.state !== 'UNCHANGED' || change.note !== null);
  const shown = rows.slice(0, options.maxRows);
  const left = rows.length - shown.length;
  const lines = [
    `${colors.dim(`${formatEndpoint(plan.source)} → ${formatEndpoint(plan.target)}`)}`,
    ...formatRows(shown, colors),
    ...(left === 0 ? [] : [colors.dim(`  … and ${count(left, 'more row')}${elsewhere(options.rowsUri)}`)]),
    formatSummary(plan.summary),
  ];
  return `${lines.join('\n')}\n`;
}

/** `3 added, 1 updated, 0 deleted, 12 unchanged`, and what is out of the ordinary. */
export function formatSummary(summary: PlanSummary): string {
  const unusual = (['overwritten', 'invalid', 'conflicted'] as const).flatMap((name) =>
    summary[name] > 0 ? [`${summary[name]} ${name}`] : [],
  );
  return [
    `${summary.added} added`,
    `${summary.updated} updated`,
    `${summary.deleted} deleted`,
    `${summary.unchanged} unchanged`,
    ...unusual,
  ].join(', ');
}

const signs = {
  ADDED: { sign: '+', color: 'green' },
  UPDATED: { sign: '~', color: 'yellow' },
  OVERWRITTEN: { sign: '~', color: 'magenta' },
  DELETED: { sign: '-', color: 'red' },
  INVALID: { sign: '!', color: 'red' },
  CONFLICT: { sign: '!', color: 'red' },
  UNCHANGED: { sign: '=', color: 'dim' },
} as const;

function formatRows(changes: readonly PlanChange[], colors: Colors): string[] {
  const cells = changes.map((change) => ({
    change,
    path: plainLine(change.gitPath),
    name: plainLine(resourceName(change)),
    lines: lineCounts(change),
  }));
  const width = (key: 'path' | 'name' | 'lines') => Math.max(0, ...cells.map((cell) => cell[key].length));
  const widths = { path: width('path'), name: width('name'), lines: width('lines') };
  return cells.map(({ change, path, name, lines }) => {
    const { sign, color } = signs[change.state];
    const row = [
      colors[color](`  ${sign} ${path.padEnd(widths.path)}`),
      colors.dim(name.padEnd(widths.name)),
      lines.padEnd(widths.lines),
      remark(change),
    ];
    return row.join('  ').trimEnd();
  });
}

function resourceName({ key }: PlanChange): string {
  if (key.namespace === '') return key.id;
  return key.kind === 'file' ? `${key.namespace}: ${key.id}` : `${key.namespace}.${key.id}`;
}

function lineCounts({ additions, deletions }: PlanChange): string {
  return additions === 0 && deletions === 0 ? '' : `+${additions} -${deletions}`;
}

function remark({ state, note, merged }: PlanChange): string {
  const named = state === 'OVERWRITTEN' || state === 'INVALID' || state === 'CONFLICT';
  const word = named ? state.toLowerCase() : merged ? 'merged' : '';
  return [word, ...(note === null ? [] : [plainLine(note)])].filter((text) => text !== '').join(': ');
}

function formatEndpoint(endpoint: PlanEndpoint): string {
  if (endpoint.kind === 'storage') {
    const where =
      endpoint.namespace === '' ? '' : ` of ${endpoint.namespace}${endpoint.children ? ' and below' : ''}`;
    return plainLine(`${endpoint.resource}s${where}`);
  }
  const commit = endpoint.commit === null ? '' : `@${endpoint.commit.slice(0, 10)}`;
  return plainLine(`${endpoint.url} ${endpoint.revision}${commit} ${endpoint.directory || '.'}`);
}

function elsewhere(uri: string | null): string {
  return uri === null ? '' : `; all of them are in ${uri}`;
}
