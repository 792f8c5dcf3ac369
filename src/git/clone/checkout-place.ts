import * as fs from 'node:fs';
import { CheckoutConflictError } from '../../errors.js';
import { fromRawName } from '../objects/raw-tree.js';
import type { DiskPack } from '../pack/disk-pack.js';
import { diskPath } from './disk-path.js';
import { fillFile, fillFileInPieces } from './fill-file.js';
import type { CheckoutFile } from './list-checkout.js';
import type { TargetDirectory } from './target-directory.js';

/** The directory as a checkout writes it. Making what should not be there yet fails. */
export class CheckoutPlace {
  readonly root: string;
  readonly #target: TargetDirectory;
  readonly #present: ReadonlySet<string>;

  /** @param present what is there already, as the checkout has it */
  constructor(target: TargetDirectory, present: ReadonlySet<string>) {
    this.root = target.path;
    this.#target = target;
    this.#present = present;
  }

  makeDirectory(path: string): void {
    if (!this.#present.has(path)) this.#make(path, (place) => fs.mkdirSync(place));
  }

  makeLink(path: string, link: string): fs.BigIntStats {
    if (!this.#present.has(path)) {
      this.#make(path, (place) => fs.symlinkSync(Buffer.from(link, 'latin1'), place));
    }
    return fs.lstatSync(diskPath(this.root, path), { bigint: true });
  }

  has(path: string): boolean {
    // Mostly nothing is, and looking a path up takes reading it.
    return this.#present.size > 0 && this.#present.has(path);
  }

  writeFile(file: CheckoutFile, content: Uint8Array): fs.BigIntStats {
    return fillFile(fs, this.#open(file), content, 0, content.length);
  }

  async streamFile(
    file: CheckoutFile,
    entry: number,
    pack: Pick<DiskPack, 'stream'>,
  ): Promise<fs.BigIntStats> {
    return fillFileInPieces(fs, this.#open(file), pack.stream(entry));
  }

  /** The file is there with the same content; only its executable bit may have to follow. */
  keepFile({ path, mode }: CheckoutFile): fs.BigIntStats {
    const file = diskPath(this.root, path);
    const stats = fs.lstatSync(file, { bigint: true });
    const isExecutable = (stats.mode & 0o100n) !== 0n;
    if (isExecutable === (mode === executableMode) || process.platform === 'win32') return stats;
    const permissions = Number(stats.mode & 0o777n);
    fs.chmodSync(file, isExecutable ? permissions & ~0o111 : permissions | ((permissions & 0o444) >> 2));
    return fs.lstatSync(file, { bigint: true });
  }

  #open({ path, mode }: CheckoutFile): number {
    return this.#make(path, (place) => fs.openSync(place, 'wx', permissionsOf(mode)));
  }

  /** @throws CheckoutConflictError where a name stands for two entries, as on file systems that ignore case */
  #make<T>(path: string, make: (place: string | Buffer) => T): T {
    const place = diskPath(this.root, path);
    try {
      const made = make(place);
      this.#target.made(path);
      return made;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      throw nameClash(this.root, path, error);
    }
  }
}

const executableMode = '100755';

/** As git: the umask has the last word. */
export function permissionsOf(mode: string): number {
  return mode === executableMode ? 0o777 : 0o666;
}

const alikeHint =
  'Two entries of the repository may differ only in case or spelling, which this file system ignores.';

export function nameClash(root: string, path: string, cause: Error): CheckoutConflictError {
  const shown = fromRawName(path);
  return new CheckoutConflictError(`Something else stands at ${JSON.stringify(shown)} in ${root}.`, {
    hint: `${alikeHint} Or somebody else put it there meanwhile.`,
    data: { directory: root, paths: [shown] },
    cause,
  });
}
