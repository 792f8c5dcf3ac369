import type { QueueResult } from './queue.js';

const columns = ['case', 'queued', 'carried out', 'to start p50', 'p99', 'to end p50', 'p99'] as const;

/** A table in Markdown, as that of the other cases. */
export function formatQueueTable(results: readonly QueueResult[]): string {
  const rows = [
    columns,
    ...results.map(({ name, queuedPerSecond, runsPerSecond, toStartMs, toEndMs }) => [
      name,
      `${queuedPerSecond}/s`,
      `${runsPerSecond}/s`,
      ...[toStartMs.p50, toStartMs.p99, toEndMs.p50, toEndMs.p99].map((ms) => `${ms} ms`),
    ]),
  ];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const [head = columns, ...body] = rows;
  const runs = results[0]?.runs ?? 0;
  return [
    line(head),
    rule,
    ...body.map(line),
    '',
    `"queued" and "carried out": ${runs} runs of one task that does nothing, queued at once, on a PostgreSQL server. Times are`,
    'from when a run was queued until it began and until its end was recorded, with a run every 25 ms.',
  ].join('\n');
}
