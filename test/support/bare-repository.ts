import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Git as a machine without any configuration of its own runs it. */
export const gitEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

/** Content by path; a link's target or an executable's content stand in an object, null deletes. */
export type Files = Record<string, string | Uint8Array | { link: string } | { executable: string } | null>;

/** A real bare repository, filled through `git fast-import`. */
export class BareRepository {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(path: string, files?: Files): Promise<BareRepository> {
    await run('git', ['init', '--quiet', '--bare', '-b', 'main', path], { env: gitEnvironment });
    const repository = new BareRepository(path);
    if (files !== undefined) await repository.commit(files);
    return repository;
  }

  async git(...args: string[]): Promise<string> {
    const { stdout } = await run('git', ['-C', this.path, ...args], {
      env: gitEnvironment,
      maxBuffer: 1 << 28,
    });
    return stdout;
  }

  /** Commits changes on top of a branch and returns the commit's id. */
  async commit(files: Files, options: { branch?: string; from?: string } = {}): Promise<string> {
    const { branch = 'main' } = options;
    const parent = await this.tip(options.from ?? branch);
    const chunks: Buffer[] = [
      Buffer.from(`commit refs/heads/${branch}\ncommitter Ada <ada@example.org> 1700000000 +0000\n`),
    ];
    chunks.push(Buffer.from('data 4\ntest\n'));
    if (parent !== null) chunks.push(Buffer.from(`from ${parent}\n`));
    for (const [path, file] of Object.entries(files)) {
      const quoted = JSON.stringify(path);
      if (file === null) {
        chunks.push(Buffer.from(`D ${quoted}\n`));
        continue;
      }
      const [mode, content] = modeAndContent(file);
      chunks.push(
        Buffer.from(`M ${mode} inline ${quoted}\ndata ${content.length}\n`),
        content,
        Buffer.from('\n'),
      );
    }
    await feed(['-C', this.path, 'fast-import', '--quiet', '--force'], Buffer.concat(chunks));
    return (await this.tip(branch)) ?? '';
  }

  /** Writes a tree of lines such as `git ls-tree` prints, and returns its id; what they name need not exist. */
  async makeTree(lines: string): Promise<string> {
    return (await feed(['-C', this.path, 'mktree', '--missing'], Buffer.from(lines))).trim();
  }

  async tip(branch = 'main'): Promise<string | null> {
    try {
      return (await this.git('rev-parse', '--verify', '--quiet', `refs/heads/${branch}`)).trim();
    } catch {
      return null;
    }
  }

  /** Every file of a branch with its content as text. */
  async files(branch = 'main'): Promise<Record<string, string>> {
    const listing = (await this.git('ls-tree', '-r', '-z', '--full-tree', branch))
      .split('\0')
      .filter(Boolean);
    const entries = await Promise.all(
      listing.map(async (line): Promise<[string, string]> => {
        const [meta = '', path = ''] = line.split('\t');
        return [path, await this.git('cat-file', 'blob', meta.split(' ')[2] ?? '')];
      }),
    );
    return Object.fromEntries(entries);
  }

  async commitCount(branch = 'main'): Promise<number> {
    return Number((await this.git('rev-list', '--count', branch)).trim());
  }

  /** Rejects when git finds anything wrong. */
  async fsck(): Promise<void> {
    await this.git('fsck', '--strict', '--no-dangling');
  }
}

/** A temporary directory that `[Symbol.asyncDispose]` or `remove` takes away. */
export async function temporaryDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'flowgit-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }) };
}

function modeAndContent(file: Exclude<Files[string], null>): [string, Buffer] {
  if (typeof file === 'string' || file instanceof Uint8Array) return ['100644', Buffer.from(file)];
  return 'link' in file ? ['120000', Buffer.from(file.link)] : ['100755', Buffer.from(file.executable)];
}

function feed(args: string[], input: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { env: gitEnvironment, stdio: 'pipe' });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      errors += String(chunk);
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(errors))));
    child.stdin.end(input);
  });
}
