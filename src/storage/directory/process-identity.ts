import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names a process beyond its number, which is used again after it ended and means nothing in another container. */
export interface ProcessIdentity {
  pid: number;
  /** Host and, on Linux, the pid namespace: within one `host` process numbers can be compared. */
  host: string;
  /** Boot and start tick on Linux; `null` where the system does not tell. */
  startedAt: string | null;
}

export function currentProcess(): ProcessIdentity {
  return { pid: process.pid, host: hostIdentity(), startedAt: startOf(process.pid)?.startedAt ?? null };
}

/** Whether a process of this host is still the one that was recorded. A process that only waits to be reaped is not. */
export function isAlive(recorded: ProcessIdentity): boolean {
  try {
    process.kill(recorded.pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const start = startOf(recorded.pid);
  if (start === null) return true;
  if (start.state === 'Z' || start.state === 'X') return false;
  return recorded.startedAt === null || recorded.startedAt === start.startedAt;
}

/** Which boot of the kernel this is; `null` where the system does not tell. */
export function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return null;
  }
}

function hostIdentity(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** proc(5): the third field of /proc/<pid>/stat is the state, the 22nd the start; the second may hold anything. */
function startOf(pid: number): { state: string; startedAt: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, started] = [fields[0], fields[19]];
    if (state === undefined || started === undefined) return null;
    return { state, startedAt: `${bootId() ?? ''} ${started}` };
  } catch {
    return null;
  }
}
