import { createHash } from 'node:crypto';
import { StorageConflictError } from '../../errors.js';
import type { StorageAdapter, StorageChange, StoredContent } from '../../storage/types.js';

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
 * seldom meet. Marks that come while others are written go into one write.
 */
export function createDeliveryLog(storage: StorageAdapter, { marksPerRecord = 1024 } = {}): DeliveryLog {
  let writing: Promise<void> = Promise.resolve();
  let next: { marks: string[]; written: Promise<void> } | null = null;

  const write = async (marks: readonly string[]) => {
    const shards = [...byShard(marks)];
    for (let conflicts = 0; ; conflicts++) {
      const stored = await storage.read(shards.map(([shard]) => keyOf(shard)));
      const changes = shards.flatMap(([shard, digests], index): StorageChange[] => {
        const present = stored[index] ?? null;
        const former = linesOf(present);
        const fresh = digests.filter((digest) => !former.includes(digest));
        if (fresh.length === 0) return [];
        const content = Buffer.from([...former, ...fresh].slice(-marksPerRecord).join('\n'));
        return [{ action: 'put', key: keyOf(shard), content, expectedOid: present?.oid ?? null }];
      });
      if (changes.length === 0) return;
      try {
        await storage.apply({ changes });
        return;
      } catch (error) {
        if (!(error instanceof StorageConflictError) || conflicts === maxConflicts) throw error;
      }
    }
  };

  return {
    async hasAny(marks) {
      const shards = [...byShard(marks)];
      const stored = await storage.read(shards.map(([shard]) => keyOf(shard)));
      return shards.some(([, digests], index) => {
        const lines = linesOf(stored[index] ?? null);
        return digests.some((digest) => lines.includes(digest));
      });
    },
    add(marks) {
      if (next === null) {
        const batch = { marks: [] as string[], written: Promise.resolve() };
        batch.written = writing.then(() => {
          next = null;
          return write(batch.marks);
        });
        // A write that failed is for those who wait for it, and does not stop the next.
        writing = batch.written.catch(() => {});
        next = batch;
      }
      next.marks.push(...marks);
      return next.written;
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

function linesOf(content: StoredContent | null): string[] {
  const text = content === null ? '' : new TextDecoder().decode(content.content);
  return text === '' ? [] : text.split('\n');
}

function keyOf(shard: number) {
  return { kind: 'state', namespace: '', id: `webhook-deliveries-${shard.toString(16)}` } as const;
}
