/** Keeps runs of one key apart, so that a burst of pushes makes two: the first one's, and one for all that follow. */
export interface PushPace {
  /** When the next run may begin: undefined for at once. */
  next(key: string, now: Date): Date | undefined;
}

const defaultApartMs = 10_000;
/** Keys whose time is over are forgotten when there are so many. */
const sweepAt = 1000;

/** The first push after a pause begins its run at once; those within `apartMs` of a run share one that begins after it. */
export function createPushPace({ apartMs = defaultApartMs } = {}): PushPace {
  const begins = new Map<string, number>();
  return {
    next(key, now) {
      const nowMs = now.getTime();
      const last = begins.get(key);
      if (last !== undefined && nowMs < last) return new Date(last);
      const begin = last === undefined ? nowMs : Math.max(nowMs, last + apartMs);
      if (begins.size >= sweepAt) {
        for (const [other, time] of begins) if (time + apartMs <= nowMs) begins.delete(other);
      }
      begins.set(key, begin);
      return begin > nowMs ? new Date(begin) : undefined;
    },
  };
}
