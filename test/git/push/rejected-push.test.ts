import { execFileSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BareRepository } from '../../support/bare-repository.js';
import { author, push, write } from '../../support/push.js';
import { readBody, ServedRepositories } from '../../support/served-repositories.js';

const served = new ServedRepositories();

/** Makes a hook that runs on the server, as its user, for each push. */
async function hook(repository: BareRepository, name: string, script: string): Promise<void> {
  const path = join(repository.path, 'hooks', name);
  await mkdir(join(repository.path, 'hooks'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

const isPush = (request: IncomingMessage) =>
  request.method === 'POST' && request.url?.endsWith('receive-pack');

describe('a lost race', () => {
  test('is told before a pack is sent when the branch has moved', async () => {
    const { repository, url } = await served.create({ a: '1' });
    const remote = served.connect(url);
    const base = await remote.openForPush('main', { path: '', contents: 'none' });
    await base.snapshot?.list('');
    const theirs = await repository.commit({ b: '2' });
    const requests = served.requests.length;
    const pushed = remote.push(base, { changes: [write('a', '3')], message: 'x', author });
    await expect(pushed).rejects.toMatchObject({ code: 'PUSH_REJECTED', race: true, retryable: true });
    expect(served.requests.slice(requests).map(({ method }) => method)).toEqual(['GET']);
    expect(await repository.tip()).toBe(theirs);
    await push(remote, [write('a', '3')]);
    expect(await repository.files()).toEqual({ a: '3', b: '2' });
  });

  test('is told by the server when the branch moves at the last moment', async () => {
    const { repository, url } = await served.create({ a: '1' });
    let theirs = '';
    served.intercept = async (request) => {
      if (isPush(request)) theirs = await repository.commit({ b: '2' });
      return false;
    };
    await expect(push(served.connect(url), [write('a', '3')])).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      race: true,
    });
    expect(await repository.tip()).toBe(theirs);
  });

  test('is told when two create the same branch', async () => {
    const { repository, url } = await served.create({ a: '1' });
    served.intercept = async (request) => {
      if (isPush(request)) await repository.git('branch', 'new', 'main');
      return false;
    };
    const pushed = push(served.connect(url), [write('a', '3')], { branch: 'new' });
    await expect(pushed).rejects.toMatchObject({ code: 'PUSH_REJECTED', race: true });
  });
});

describe('a refusal', () => {
  test("of a pre-receive hook is told in the hook's words, without control characters", async () => {
    const { repository, url } = await served.create({ a: '1' });
    await hook(
      repository,
      'pre-receive',
      'printf "\\033[31mTicket missing\\033[0m\\nSee https://wiki.example\\n" >&2; exit 1',
    );
    const error = await push(served.connect(url), [write('a', '2')]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'PUSH_REJECTED',
      race: false,
      retryable: false,
      data: {
        branch: 'main',
        reason: 'pre-receive hook declined',
        remoteMessages: ['Ticket missing', 'See https://wiki.example'],
      },
    });
    expect(String(error)).toContain('remote: Ticket missing\nremote: See https://wiki.example');
    expect(String(error)).toContain(url);
  });

  test('of an update hook, as protected branches have it, is no race', async () => {
    const { repository, url } = await served.create({ a: '1' });
    await hook(
      repository,
      'update',
      '[ "$1" = refs/heads/main ] && echo "GH006: Protected branch" >&2 && exit 1; exit 0',
    );
    await expect(push(served.connect(url), [write('a', '2')])).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      race: false,
      message: expect.stringContaining('GH006: Protected branch'),
    });
    expect((await push(served.connect(url), [write('a', '2')], { branch: 'open' })).commit).toMatch(
      /^[0-9a-f]{40}$/,
    );
  });

  test('is bounded however much a hook says', async () => {
    const { repository, url } = await served.create({ a: '1' });
    await hook(
      repository,
      'pre-receive',
      'yes "a very long complaint about this push" | head -n 20000 >&2; exit 1',
    );
    const error = await push(served.connect(url), [write('a', '2')]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PUSH_REJECTED', race: false });
    expect(String(error).length).toBeLessThan(10_000);
  });

  test('because another branch stands in the way of the name is no race', async () => {
    const { url } = await served.create({ a: '1' });
    for (const branch of ['main/sub', 'x']) {
      const pushed = push(served.connect(url), [write('a', '2')], { branch });
      if (branch === 'x') await pushed;
      else await expect(pushed).rejects.toMatchObject({ code: 'PUSH_REJECTED', race: false });
    }
  });

  test('of an object that fails fsck tells what is wrong with it', async () => {
    const { repository, url } = await served.create({ a: '1' });
    await repository.git('config', 'receive.fsckObjects', 'true');
    const changes = [{ path: '.gitmodules', content: Buffer.from('a'), mode: '120000' as const }];
    await expect(push(served.connect(url), changes)).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      race: false,
      message: expect.stringContaining('gitmodules'),
    });
  });

  test('to write for a reader is an authentication failure', async () => {
    const { url } = await served.create({ a: '1' });
    served.intercept = async (request, response) => {
      if (!request.url?.includes('receive-pack')) return false;
      response.writeHead(403, { 'content-type': 'text/plain' }).end('Write access not granted');
      return true;
    };
    await expect(push(served.connect(url), [write('a', '2')])).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining('Write access not granted'),
    });
  });

  test('says a success with what hooks wrote', async () => {
    const { repository, url } = await served.create({ a: '1' });
    await hook(
      repository,
      'post-receive',
      'echo "Create a merge request:" >&2; echo "  https://git.example/mr" >&2',
    );
    expect((await push(served.connect(url), [write('a', '2')])).remoteMessages).toEqual([
      'Create a merge request:',
      '  https://git.example/mr',
    ]);
  });
});

describe('a connection that breaks', () => {
  test('after the push has landed is a success', async () => {
    const { repository, url } = await served.create({ a: '1' });
    served.intercept = async (request, response) => {
      if (!isPush(request)) return false;
      const input = await readBody(request);
      execFileSync('git', ['receive-pack', '--stateless-rpc', repository.path], {
        input,
      });
      response.destroy();
      return true;
    };
    const { commit } = await push(served.connect(url), [write('a', '2')]);
    expect(await repository.tip()).toBe(commit);
  });

  test('before the push has landed is a failure that may be tried again', async () => {
    const { repository, url } = await served.create({ a: '1' });
    const before = await repository.tip();
    served.intercept = async (request, response) => {
      if (!isPush(request)) return false;
      response.destroy();
      return true;
    };
    const remote = served.connect(url);
    await expect(push(remote, [write('a', '2')])).rejects.toMatchObject({ retryable: true });
    expect(await repository.tip()).toBe(before);
    served.intercept = null;
    await push(remote, [write('a', '2')]);
    expect(await repository.files()).toEqual({ a: '2' });
  });

  test('in the middle of the answer is looked into', async () => {
    const { repository, url } = await served.create({ a: '1' });
    served.intercept = async (request, response) => {
      if (!isPush(request)) return false;
      request.resume();
      response.writeHead(200, { 'content-type': 'application/x-git-receive-pack-result' });
      response.end('0030\x01000eunpack');
      return true;
    };
    await expect(push(served.connect(url), [write('a', '2')])).rejects.toMatchObject({ retryable: true });
    expect(await repository.commitCount()).toBe(1);
  });

  test('while someone else pushes is a lost race', async () => {
    const { repository, url } = await served.create({ a: '1' });
    served.intercept = async (request, response) => {
      if (!isPush(request)) return false;
      await repository.commit({ b: '2' });
      response.destroy();
      return true;
    };
    await expect(push(served.connect(url), [write('a', '2')])).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      race: true,
    });
  });
});
