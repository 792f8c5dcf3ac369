import { dirname } from 'node:path/posix';
import { Volume } from 'memfs';
import { splitRepositoryPath } from './repository-path.js';
import type { FileChange, GitMode } from './types.js';

/** The would-be working tree of the changed files, in memory; unchanged files never enter it. */
export interface Staging {
  /** Files at `/<path in the repository>`. What a caller writes here is committed like what was staged. */
  readonly volume: Volume;
  /** @throws UnsafePathError */
  write(path: string, content: Uint8Array, mode?: GitMode): void;
  /** @throws UnsafePathError */
  delete(path: string): void;
  /** What stands in the volume now and what was deleted, sorted by path. */
  changes(): FileChange[];
}

/** Permissions that leave the choice to git: an existing file keeps its mode. */
const undecided = 0o666;
const permissions: Partial<Record<GitMode, number>> = { '100644': 0o644, '100755': 0o755 };

export function createStaging(): Staging {
  const volume = new Volume();
  const staged = new Set<string>();
  const deleted = new Set<string>();
  return {
    volume,
    write(path, content, mode) {
      const file = `/${splitRepositoryPath(path).join('/')}`;
      deleted.delete(path);
      if (staged.has(path)) volume.rmSync(file, { force: true });
      staged.add(path);
      try {
        place(volume, file, content, mode);
      } catch (error) {
        if (!isMissing(error)) throw error;
        volume.mkdirSync(dirname(file), { recursive: true });
        place(volume, file, content, mode);
      }
    },
    delete(path) {
      const file = `/${splitRepositoryPath(path).join('/')}`;
      volume.rmSync(file, { force: true });
      deleted.add(path);
    },
    changes() {
      const changes: FileChange[] = [];
      collect(volume, '', changes);
      const written = new Set(changes.map((change) => change.path));
      for (const path of deleted) if (!written.has(path)) changes.push({ path, content: null });
      return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
    },
  };
}

function place(volume: Volume, file: string, content: Uint8Array, mode: GitMode | undefined): void {
  if (mode === '120000') volume.symlinkSync(Buffer.from(content).toString('utf8'), file);
  else volume.writeFileSync(file, content, { mode: (mode && permissions[mode]) ?? undecided });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function collect(volume: Volume, directory: string, changes: FileChange[]): void {
  for (const name of volume.readdirSync(`/${directory}`) as string[]) {
    const path = directory === '' ? name : `${directory}/${name}`;
    const file = `/${path}`;
    const stats = volume.lstatSync(file);
    if (stats.isDirectory()) collect(volume, path, changes);
    else if (stats.isSymbolicLink()) {
      const target = Buffer.from(String(volume.readlinkSync(file)), 'utf8');
      changes.push({ path, content: target, mode: '120000' });
    } else {
      const content = volume.readFileSync(file) as Buffer;
      changes.push({ path, content, mode: modeOf(stats.mode & 0o777) });
    }
  }
}

function modeOf(permission: number): GitMode | undefined {
  if ((permission & 0o100) !== 0) return '100755';
  return permission === undecided ? undefined : '100644';
}
