import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BareRepository, gitEnvironment } from './bare-repository.js';

const run = promisify(execFile);

/** Programs that git itself signs and verifies with; a machine may lack them. */
export const hasSshKeygen = runs('ssh-keygen', ['-l', '-f', '/dev/null']);
export const hasGpg = runs('gpg', ['--version']);

/** A directory for keys, with what makes and uses them. */
export class KeyRing {
  readonly directory = mkdtempSync(join(tmpdir(), 'flowgit-keys-'));
  readonly #home: NodeJS.ProcessEnv = { ...gitEnvironment, GNUPGHOME: this.directory };
  #count = 0;

  remove(): void {
    if (hasGpg) execFileSync('gpgconf', ['--kill', 'all'], { env: this.#home, stdio: 'ignore' });
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  /** A key pair as ssh-keygen makes it with these arguments. */
  ssh(...args: string[]): SshPair {
    const path = join(this.directory, `key-${this.#count++}`);
    const passphrase = args.includes('-N') ? [] : ['-N', ''];
    execFileSync('ssh-keygen', ['-q', '-C', 'ada@example.org', ...passphrase, ...args, '-f', path]);
    return { path, private: readFileSync(path, 'utf8'), public: readFileSync(`${path}.pub`, 'utf8') };
  }

  /** An OpenPGP key as gpg makes it. */
  async pgp(
    algorithm: string,
    { passphrase = '', expires = 'never' }: { passphrase?: string; expires?: string } = {},
  ): Promise<PgpPair> {
    const name = `ada-${this.#count++}@example.org`;
    const unattended = ['--batch', '--pinentry-mode', 'loopback', '--passphrase', passphrase];
    await this.gpg(...unattended, '--quick-gen-key', name, algorithm, 'sign', expires);
    return {
      name,
      private: await this.gpg(...unattended, '--armor', '--export-secret-keys', name),
      public: await this.gpg('--armor', '--export', name),
    };
  }

  async gpg(...args: string[]): Promise<string> {
    return (await run('gpg', ['--quiet', ...args], { env: this.#home })).stdout;
  }

  /** What git says about a commit's signature, when these SSH keys are allowed; rejects when it is not good. */
  async gitVerifies(repository: BareRepository, what: 'commit' | 'tag', name: string, keys: SshPair[] = []) {
    const allowed = join(this.directory, `allowed-${this.#count++}`);
    writeFileSync(allowed, keys.map((key) => `ada@example.org ${key.public}`).join(''));
    const config = ['-c', `gpg.ssh.allowedSignersFile=${allowed}`];
    const { stderr } = await run('git', ['-C', repository.path, ...config, `verify-${what}`, name], {
      env: this.#home,
    });
    return stderr;
  }

  /** Signs what `git` writes with an SSH key, or with a key of this ring by its name. */
  async git(repository: BareRepository, key: SshPair | PgpPair, ...args: string[]): Promise<string> {
    const config =
      'path' in key
        ? ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${key.path}`]
        : ['-c', `user.signingKey=${key.name}`];
    const { stdout } = await run('git', ['-C', repository.path, ...config, ...args], { env: this.#home });
    return stdout.trim();
  }

  /** Replaces the tip of a branch by the same commit with git's own signature. */
  async signTip(repository: BareRepository, key: SshPair | PgpPair, branch = 'main'): Promise<string> {
    const signed = await this.git(repository, key, 'commit-tree', '-S', '-m', 'signed', `${branch}^{tree}`);
    await repository.git('update-ref', `refs/heads/${branch}`, signed);
    return signed;
  }
}

export interface SshPair {
  path: string;
  private: string;
  public: string;
}

export interface PgpPair {
  name: string;
  private: string;
  public: string;
}

/** Writes an object as it stands and returns its id; git does not look into it. */
export function writeObject(repository: BareRepository, type: 'commit' | 'tag', content: Uint8Array): string {
  const args = ['-C', repository.path, 'hash-object', '--literally', '-t', type, '-w', '--stdin'];
  return execFileSync('git', args, { input: content, env: gitEnvironment }).toString().trim();
}

/** An object's exact bytes. */
export function readObject(repository: BareRepository, type: 'commit' | 'tag', name: string): Buffer {
  return execFileSync('git', ['-C', repository.path, 'cat-file', type, name], { env: gitEnvironment });
}

function runs(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
