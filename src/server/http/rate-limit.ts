/** Lets so many events of one name through in a while, and tells how long the next one has to wait. */
export interface RateLimit {
  /** Counts an event; 0 when it may pass, otherwise the seconds until one may. */
  take(name: string): number;
  /** As `take`, without counting. */
  wait(name: string): number;
}

export interface RateLimitOptions {
  /** How many may come at once, and per minute on average. */
  perMinute: number;
  clock: () => Date;
}

/** Names come from outside: more than these are not remembered, the longest unused goes first. */
const maxNames = 10_000;

/** A bucket of tokens per name, which fills steadily. */
export function createRateLimit({ perMinute, clock }: RateLimitOptions): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>();
  const perMs = perMinute / 60_000;

  const look = (name: string) => {
    const now = clock().getTime();
    const bucket = buckets.get(name);
    if (bucket === undefined) return { left: perMinute, at: now };
    return { left: Math.min(perMinute, bucket.left + Math.max(0, now - bucket.at) * perMs), at: now };
  };
  const waitOf = (left: number) => (left >= 1 ? 0 : Math.ceil((1 - left) / perMs / 1000));

  return {
    take(name) {
      const { left, at } = look(name);
      buckets.delete(name);
      buckets.set(name, { left: left >= 1 ? left - 1 : left, at });
      if (buckets.size > maxNames) {
        for (const oldest of buckets.keys()) {
          buckets.delete(oldest);
          break;
        }
      }
      return waitOf(left);
    },
    wait: (name) => waitOf(look(name).left),
  };
}
