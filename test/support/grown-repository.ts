import { spawn } from 'node:child_process';
import { BareRepository, gitEnvironment } from './bare-repository.js';

const directories = 20;
const filesPerDirectory = 10;
const linesPerFile = 40;

/**
 * A repository with a history in which every commit changes a few lines of some files: about 25 objects a commit, most
 * of which git stores as chains of deltas.
 */
export async function growRepository(path: string, commits: number): Promise<BareRepository> {
  const repository = await BareRepository.create(path);
  const files = new Map<string, string[]>();
  const stream: string[] = [];
  for (let commit = 0; commit < commits; commit++) {
    const changed = new Set<string>();
    for (let touch = 0; touch < (commit === 0 ? directories * filesPerDirectory : 12); touch++) {
      const number =
        commit === 0 ? touch : (commit * 7919 + touch * 104_729) % (directories * filesPerDirectory);
      const name = `flows/team-${number % directories}/flow-${number}.yml`;
      const lines =
        files.get(name) ?? Array.from({ length: linesPerFile }, (_, line) => `line ${line} of ${name}`);
      lines[(commit * 31 + touch) % linesPerFile] =
        `line changed in ${commit}: ${(commit * 2_654_435_761) % 1e9}`;
      files.set(name, lines);
      changed.add(name);
    }
    stream.push(
      `commit refs/heads/main\nmark :${commit + 1}\ncommitter Ada <ada@example.org> ${1_700_000_000 + commit} +0000\n`,
    );
    stream.push(`data 6\nchange\n${commit > 0 ? `from :${commit}\n` : ''}`);
    for (const name of changed) {
      const content = `${(files.get(name) ?? []).join('\n')}\n`;
      stream.push(`M 100644 inline ${name}\ndata ${Buffer.byteLength(content)}\n${content}\n`);
    }
  }
  await runGit(path, ['fast-import', '--quiet'], stream.join(''));
  await repository.git('tag', '-a', '-m', 'a release', 'v1.0.0', 'main');
  await repository.git('repack', '-adfq', '--depth=50', '--window=50');
  return repository;
}

/** Runs git with bytes in and bytes out. */
export function runGit(
  path: string,
  args: readonly string[],
  input: string | Uint8Array = '',
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['-C', path, ...args], {
      env: gitEnvironment,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(chunks));
      else reject(new Error(`git ${args.join(' ')} ended with ${code}`));
    });
    child.stdin.on('error', () => {}); // commands without input may be gone before it is closed
    child.stdin.end(input);
  });
}

export interface CatFile {
  oid: string;
  type: string;
  content: Buffer;
}

/** Every object of a repository as `git cat-file` prints it. */
export async function catAllObjects(path: string): Promise<CatFile[]> {
  const output = await runGit(path, ['cat-file', '--batch', '--batch-all-objects']);
  const objects: CatFile[] = [];
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(0x0a, at);
    const [oid = '', type = '', size = ''] = output.toString('latin1', at, end).split(' ');
    const content = output.subarray(end + 1, end + 1 + Number(size));
    objects.push({ oid, type, content });
    at = end + 1 + content.length + 1;
  }
  return objects;
}
