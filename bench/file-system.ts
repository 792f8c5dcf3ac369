import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const directories = 20;
const filesEach = 25;
/** A healthy local disk stays well below this. */
const mostMicroseconds = 150;

export interface FileSystemCheck {
  microsecondsPerFile: number;
  /** Whether making files costs so much that a comparison with a checkout says nothing of git. */
  slow: boolean;
}

/**
 * What it takes to make a small file where the clones will lie: most of a checkout is that. Synchronous, because a busy
 * machine delays what is not.
 */
export function checkFileSystem(work: string): FileSystemCheck {
  const base = join(work, 'file-system');
  const start = performance.now();
  for (let directory = 0; directory < directories; directory++) {
    const path = join(base, String(directory));
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < filesEach; file++) writeFileSync(join(path, String(file)), 'content\n');
  }
  const microsecondsPerFile = ((performance.now() - start) * 1000) / (directories * filesEach);
  rmSync(base, { recursive: true, force: true });
  return { microsecondsPerFile, slow: microsecondsPerFile > mostMicroseconds };
}

/** One line for the table, and a warning where it is needed. */
export function describeFileSystem(before: FileSystemCheck, after: FileSystemCheck): string {
  const [first, last] = [before, after].map(({ microsecondsPerFile }) => Math.round(microsecondsPerFile));
  const told = `Making a file in the working directory took ${first} µs before the runs and ${last} µs after them.`;
  if (!before.slow && !after.slow) return told;
  return `${told}\nTOO SLOW: git's checkouts pay for that and a memory storage does not, so the ratios flatter flowgit. Set TMPDIR to\na faster file system, such as /dev/shm, and measure again.`;
}
