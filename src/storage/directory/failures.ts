import { explainingDiskFailures } from '../../disk/failures.js';
import type { Disk } from './disk.js';

/** As {@link explainingDiskFailures}, of a storage. */
export async function explainingFailures<T>(disk: Disk, doing: string, call: () => Promise<T>): Promise<T> {
  return explainingDiskFailures(`${doing} ${disk.location}`, call);
}
