import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type CreateGitOptions, createGit, type Remote, type RemoteOptions } from '../../src/git/index.js';
import { type GitServer, type GitServerOptions, startGitServer } from '../../src/testing/index.js';
import { BareRepository, type Files, temporaryDirectory } from './bare-repository.js';

export interface GitWorld {
  readonly root: string;
  /** A new repository, served under a name of its own. */
  create(files?: Files): Promise<{ repository: BareRepository; name: string }>;
  /** A git server over all repositories, closed after the test. */
  serve(options?: Omit<GitServerOptions, 'root'>): Promise<GitServer>;
  /** Closed after the test. */
  connect(url: string, options?: Partial<RemoteOptions>, git?: CreateGitOptions): Remote;
}

/** Repositories in a temporary directory, servers over them, and connections: set up and cleared away by vitest. */
export function useGitWorld(): GitWorld {
  let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;
  let count = 0;
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    temporary = await temporaryDirectory();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  afterAll(() => temporary.remove());

  return {
    get root() {
      return temporary.path;
    },
    create: async (files) => {
      const name = `r${count++}.git`;
      return { name, repository: await BareRepository.create(join(temporary.path, name), files) };
    },
    serve: async (options = {}) => {
      const server = await startGitServer({ root: temporary.path, ...options });
      closing.push(() => server.close());
      return server;
    },
    connect: (url, options = {}, git = {}) => {
      const remote = createGit(git).connect({ url, ...options });
      closing.push(() => remote.close());
      return remote;
    },
  };
}
