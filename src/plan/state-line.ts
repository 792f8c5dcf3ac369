import type { SyncedResource, SyncIdentity } from './sync-state.js';

/** One line of a state; null when it was damaged. */
export function parseStateLine({ kind }: Pick<SyncIdentity, 'kind'>, line: string): SyncedResource | null {
  try {
    return resourceOf(kind, JSON.parse(line));
  } catch {
    return null;
  }
}

/** Many of them; none when one was damaged. */
export function parseStateLines({ kind }: Pick<SyncIdentity, 'kind'>, lines: Uint8Array): SyncedResource[] {
  try {
    const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString();
    const rows = JSON.parse(`[${text.trimEnd().replaceAll('\n', ',')}]`) as unknown[];
    return rows.map((row) => resourceOf(kind, row));
  } catch {
    return [];
  }
}

/** The line that stands for a resource: `[gitPath, namespace, id, gitOid, storedOid, origin?, ancestor?]`. */
export function formatStateLine(resource: SyncedResource, origin = resource.origin): string {
  const { gitPath, key, gitOid, storedOid, ancestor } = resource;
  const { namespace, id } = key;
  if (ancestor === undefined) {
    const rest = origin === undefined ? '' : `,${origin}`;
    const line = `["${gitPath}","${namespace}","${id}","${gitOid}","${storedOid}"${rest}]`;
    if (plainLine.test(line)) return line;
  }
  const row = [gitPath, namespace, id, gitOid, storedOid];
  const further = ancestor !== undefined ? [origin ?? null, ancestor] : origin !== undefined ? [origin] : [];
  return JSON.stringify([...row, ...further]);
}

/** A line whose texts stand in JSON as they are: there may be fifty thousand of them, at every run. */
const plainLine = /^\["[\w ./@-]*"(?:,"[\w ./@-]*"){4}(?:,\d+)?\]$/;

/** By hand, because there may be fifty thousand at every run. */
function resourceOf(kind: SyncIdentity['kind'], row: unknown): SyncedResource {
  if (!Array.isArray(row) || row.length < 5 || row.length > 7) throw damaged();
  for (let index = 0; index < 5; index++) if (typeof row[index] !== 'string') throw damaged();
  const [gitPath, namespace, id, gitOid, storedOid, origin, ancestor] = row as string[] & unknown[];
  const resource = { gitPath, key: { kind, namespace, id }, gitOid, storedOid } as SyncedResource;
  if (typeof origin === 'number') resource.origin = origin;
  if (typeof ancestor === 'string') resource.ancestor = ancestor;
  return resource;
}

function damaged(): Error {
  return new Error('The row does not name a resource.');
}
