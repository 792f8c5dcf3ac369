import { createHash } from 'node:crypto';
import { StorageConflictError } from '../../errors.js';
import type { StorageAdapter, StoredContent } from '../../storage/types.js';

/** Which deliveries were carried out, over restarts and for all servers of one storage. */
export interface DeliveryLog {
  /** Whether one of the marks was recorded. */
  hasAny(marks: readonly string[]): Promise<boolean>;
  add(marks: readonly string[]): Promise<void>;
}

const shardCount = 16;
const maxConflicts = 20;

/**
 * Keeps the newest marks in records of kind `state`: sixteen of them, so that one delivery rewrites little, and servers
 * seldom meet.
 */
export function createDeliveryLog(storage: StorageAdapter, { marksPerRecord = 1024 } = {}): DeliveryLog {
  /** Ends of what this process writes, by record, one after the other. */
  const writes = new Map<number, Promise<void>>();

  const add = async (shard: number, digests: readonly string[]) => {
    for (let conflicts = 0; ; conflicts++) {
      const present = await read(storage, shard);
      const former = linesOf(present);
      const fresh = digests.filter((digest) => !former.includes(digest));
      if (fresh.length === 0) return;
      const content = Buffer.from([...former, ...fresh].slice(-marksPerRecord).join('\n'));
      const expectedOid = present?.oid ?? null;
      try {
        await storage.apply({ changes: [{ action: 'put', key: keyOf(shard), content, expectedOid }] });
        return;
      } catch (error) {
        if (!(error instanceof StorageConflictError) || conflicts === maxConflicts) throw error;
      }
    }
  };

  return {
    async hasAny(marks) {
      const found = [...byShard(marks)].map(async ([shard, digests]) => {
        const lines = linesOf(await read(storage, shard));
        return digests.some((digest) => lines.includes(digest));
      });
      return (await Promise.all(found)).includes(true);
    },
    async add(marks) {
      const written = [...byShard(marks)].map(([shard, digests]) => {
        const write = (writes.get(shard) ?? Promise.resolve()).then(() => add(shard, digests));
        // A write that failed is its own caller's matter, and does not stop the next.
        writes.set(
          shard,
          write.catch(() => {}),
        );
        return write;
      });
      await Promise.all(written);
    },
  };
}

function byShard(marks: readonly string[]): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const mark of marks) {
    const digest = createHash('sha256').update(mark).digest().subarray(0, 16);
    const shard = (digest[0] ?? 0) % shardCount;
    found.set(shard, [...(found.get(shard) ?? []), digest.toString('base64url')]);
  }
  return found;
}

async function read(storage: StorageAdapter, shard: number): Promise<StoredContent | null> {
  const [content] = await storage.read([keyOf(shard)]);
  return content ?? null;
}

function linesOf(content: StoredContent | null): string[] {
  const text = content === null ? '' : new TextDecoder().decode(content.content);
  return text === '' ? [] : text.split('\n');
}

function keyOf(shard: number) {
  return { kind: 'state', namespace: '', id: `webhook-deliveries-${shard.toString(16)}` } as const;
}
