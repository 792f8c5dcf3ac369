import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { beforeAll } from 'vitest';
import type { ClonedRepository, CloneOptions, RemoteOptions } from '../../src/git/index.js';
import { type BareRepository, gitEnvironment } from './bare-repository.js';
import { ServedRepositories } from './served-repositories.js';

const run = promisify(execFile);

/** Served repositories, one of which has a story worth cloning. */
export class StoryClones extends ServedRepositories {
  #story: BareRepository | null = null;
  storyUrl = '';

  constructor() {
    super();
    beforeAll(async () => {
      const { repository, url } = await this.create();
      await tellStory(repository);
      this.#story = repository;
      this.storyUrl = url;
    });
  }

  get story(): BareRepository {
    if (this.#story === null) throw new Error('The story is told before all tests.');
    return this.#story;
  }

  clone(
    url: string,
    options: Partial<CloneOptions> = {},
    remoteOptions: Partial<RemoteOptions> = {},
  ): Promise<ClonedRepository> {
    const directory = options.directory ?? this.place();
    const remote = this.connect(url, remoteOptions);
    return remote.clone({ depth: 1, allBranches: false, noTags: false, ...options, directory });
  }

  /** Lets git answer a request to the story whose body has been read already. */
  async answer(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<true> {
    const env = { ...gitEnvironment, GIT_PROTOCOL: String(request.headers['git-protocol'] ?? '') };
    const options = { env, encoding: 'buffer', maxBuffer: 1 << 28 } as const;
    const serving = run('git', ['upload-pack', '--stateless-rpc', this.story.path], options);
    serving.child.stdin?.end(body);
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
    response.end((await serving).stdout);
    return true;
  }
}

/** Three branches, five commits, tags of both kinds, and every kind of entry. */
async function tellStory(story: BareRepository): Promise<void> {
  const lines = Array.from({ length: 300 }, (_, line) => `line ${line}`);
  await story.commit({
    'README.md': '# Story\n',
    'flows/a.yml': 'id: a\n',
    'flows/long.txt': lines.join('\n'),
    'bin/run': { executable: '#!/bin/sh\n' },
    'latest.yml': { link: 'flows/a.yml' },
    'flows/up': { link: '../README.md' },
    'empty.txt': '',
    'ünï/cødé.yml': 'id: u\n',
    'flows.d/x': 'sorts before flows/',
  });
  await story.git('tag', 'light', 'main');
  await story.git('tag', '-a', 'v1.0.0', '-m', 'one', 'main');
  await story.commit({ 'flows/long.txt': [...lines, 'more'].join('\n'), 'flows/b.yml': 'id: b\n' });
  await story.git('tag', '-a', 'v1.1.0', '-m', 'one one', 'main');
  await story.commit({ 'flows/a.yml': 'id: a2\n', 'empty.txt': null });
  await story.commit({ 'only/here': 'x' }, { branch: 'feature/x', from: 'main' });
  await story.commit({ 'large.bin': Buffer.alloc(2_500_000, 'large ') }, { branch: 'large', from: 'main' });
  await story.git('tag', 'tip', 'main');
}

export async function git(directory: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', ['-C', directory, ...args], {
    env: gitEnvironment,
    maxBuffer: 1 << 28,
  });
  return stdout;
}

/** Every path below a directory. */
export async function listing(directory: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).sort();
}

export function feedFastImport(repository: BareRepository, script: string | Buffer): Promise<unknown> {
  const args = ['-C', repository.path, 'fast-import', '--quiet', '--force'];
  const importing = run('git', args, { env: gitEnvironment });
  importing.child.stdin?.end(script);
  return importing;
}
