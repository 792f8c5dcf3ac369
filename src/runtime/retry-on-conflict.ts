import { StorageConflictError } from '../errors.js';

/** Runs a sync again from its reading on when storage changed under it; the third conflict in a row is the caller's. */
export async function retryOnConflict<T>(sync: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await sync();
    } catch (error) {
      if (!(error instanceof StorageConflictError) || attempt === 3) throw error;
    }
  }
}
