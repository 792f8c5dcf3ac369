import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { createGit, type Remote, type RemoteOptions } from '../../src/git/index.js';
import { type GitServer, startGitServer } from '../../src/testing/index.js';
import { BareRepository, type Files, temporaryDirectory } from './bare-repository.js';

export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

/** Bare repositories behind a git server of the test file's own; all of it is gone when the file has run. */
export class ServedRepositories {
  /** Answers requests of the present test instead of git. */
  intercept: Intercept | null = null;
  #directory = '';
  #server: GitServer | undefined;
  #names = 0;
  readonly #remotes: Remote[] = [];

  constructor() {
    beforeAll(async () => {
      const temporary = await temporaryDirectory();
      this.#directory = temporary.path;
      this.#server = await startGitServer({
        root: temporary.path,
        intercept: (request, response) => this.intercept?.(request, response) ?? false,
      });
      return temporary.remove;
    });
    afterEach(async () => {
      this.intercept = null;
      for (const remote of this.#remotes.splice(0)) await remote.close();
    });
    afterAll(() => this.#server?.close());
  }

  /** Requests so far, in their order. */
  get requests(): GitServer['requests'] {
    return this.#server?.requests ?? [];
  }

  /** A path that nothing stands at. */
  place(): string {
    return join(this.#directory, `place-${this.#names++}`);
  }

  async create(files?: Files): Promise<{ repository: BareRepository; url: string }> {
    const name = `repository-${this.#names++}.git`;
    const repository = await BareRepository.create(join(this.#directory, name), files);
    return { repository, url: `${this.#server?.url}/${name}` };
  }

  /** A remote that is closed when the test is over. */
  connect(url: string, options: Partial<RemoteOptions> = {}): Remote {
    const remote = createGit().connect({ url, ...options });
    this.#remotes.push(remote);
    return remote;
  }
}

/** The whole body of a request. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
