import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FlowgitError } from '../../../src/errors.js';
import type { GitEntry, Remote } from '../../../src/git/index.js';
import type { Logger } from '../../../src/logger.js';
import { useGitWorld } from '../../support/served-repository.js';

const world = useGitWorld();
const whole = { path: '', contents: 'all' } as const;
const auth = { username: 'ada', password: 'p:ss/w@rd' };

let name: string;

beforeAll(async () => {
  ({ name } = await world.create({
    'a.yml': 'id: a\n',
    'b.bin': randomBytes(3_000_000),
  }));
});

/** Opens the tip and transfers all of it. */
async function pull(remote: Remote): Promise<GitEntry[] | null> {
  return (await remote.openSnapshot({ branch: 'main' }, whole)).list('');
}

/** Answers every request, or those that `when` picks, with one status. */
const answering =
  (status: number, body = '', headers: Record<string, string> = { 'Content-Type': 'text/plain' }) =>
  (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, headers);
    response.end(body);
    return true;
  };

afterEach(() => closeListeners());

async function failureOf(promise: Promise<unknown>): Promise<FlowgitError> {
  const error = await promise.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(FlowgitError);
  return error;
}

/** Everything that an error shows, its causes included. */
function shown(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack}${JSON.stringify(error)}${shown(error.cause)}`;
}

describe('credentials', () => {
  test('are sent at once, from properties or from the URL', async () => {
    const server = await world.serve({ auth });
    const userInfo = `${auth.username}:${encodeURIComponent(auth.password)}@`;
    const remotes = [
      world.connect(`${server.url}/${name}`, auth),
      world.connect(`${server.url}/${name}`.replace('//', `//${userInfo}`)),
      world.connect(`${server.url}/${name}`.replace('//', '//nobody:wrong@'), auth),
    ];
    for (const remote of remotes) {
      expect(remote.url).toBe(`${server.url}/${name}`);
      await remote.listRefs();
    }
    expect(server.requests).toHaveLength(3);
  });

  test('of a token alone go with a user name that hosts accept', async () => {
    const seen: (string | undefined)[] = [];
    const server = await world.serve({ onRequest: ({ headers }) => seen.push(headers.authorization) });
    await world.connect(`${server.url}/${name}`, { password: 'token' }).listRefs();
    await world.connect(`${server.url}/${name}`.replace('//', '//token@')).listRefs();
    expect(seen.map((header) => Buffer.from(header?.slice(6) ?? '', 'base64').toString())).toEqual([
      'x-access-token:token',
      'token:',
    ]);
  });

  test('that are missing or wrong are told apart, and never shown', async () => {
    const server = await world.serve({ auth });
    const missing = await failureOf(world.connect(`${server.url}/${name}`).listRefs());
    expect(missing).toMatchObject({ code: 'AUTHENTICATION_FAILED', retryable: false });
    expect(missing.message).toContain('none were given');

    const url = `${server.url}/${name}`.replace('//', '//ada:hunter2@');
    const logged: unknown[] = [];
    const logger = collectingLogger(logged);
    const wrong = await failureOf(pull(world.connect(url, { logger })));
    expect(wrong).toMatchObject({ code: 'AUTHENTICATION_FAILED', retryable: false });
    expect(wrong.message).toContain('refuses the credentials');
    expect(shown(wrong) + JSON.stringify(logged)).not.toMatch(/hunter2|YWRhOmh1bnRlcjI/);
    expect(logged).not.toEqual([]);
  });
});

describe('a server’s answer', () => {
  test.each([
    [403, 'the token lacks scope', 'AUTHENTICATION_FAILED', false],
    [404, 'Not found', 'REPOSITORY_NOT_FOUND', false],
    [429, 'slow down', 'REMOTE_ERROR', true],
    [500, 'oops', 'REMOTE_ERROR', true],
    [503, 'maintenance', 'REMOTE_ERROR', true],
    [400, 'what?', 'REMOTE_ERROR', false],
  ])('of status %i is shown in its words', async (status, words, code, retryable) => {
    const server = await world.serve({ intercept: answering(status, words) });
    const failure = await failureOf(pull(world.connect(`${server.url}/${name}`)));
    expect(failure).toMatchObject({ code, retryable });
    expect(failure.message).toContain(words);
    expect(failure.message).toContain(`${server.url}/${name}`);
  });

  test('is shown in part when it is long, and by its title when it is a page', async () => {
    const long = await world.serve({ intercept: answering(500, 'x'.repeat(100_000)) });
    expect((await failureOf(world.connect(`${long.url}/${name}`).listRefs())).message.length).toBeLessThan(
      500,
    );
    const page = '<html><head><title>Bad gateway</title></head><body>…</body></html>';
    const html = await world.serve({ intercept: answering(502, page, { 'Content-Type': 'text/html' }) });
    expect((await failureOf(world.connect(`${html.url}/${name}`).listRefs())).message).toMatch(
      /says: Bad gateway$/,
    );
  });

  test('that is a page with status 200 is no repository', async () => {
    const server = await world.serve({
      intercept: answering(200, '<html>', { 'Content-Type': 'text/html; charset=utf-8' }),
    });
    expect(await failureOf(world.connect(`${server.url}/${name}`).listRefs())).toMatchObject({
      code: 'REMOTE_ERROR',
      retryable: false,
      message: expect.stringContaining('web page'),
    });
  });

  test('that is a plain file is no smart server', async () => {
    const server = await world.serve({ intercept: answering(200, 'abc\trefs/heads/main\n') });
    expect(await failureOf(world.connect(`${server.url}/${name}`).listRefs())).toMatchObject({
      code: 'REMOTE_ERROR',
      retryable: false,
      hint: expect.stringContaining('dumb HTTP'),
    });
  });

  test('that is no HTTP is an error', async () => {
    const port = await listen((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    expect(await failureOf(world.connect(`http://127.0.0.1:${port}/x.git`).listRefs())).toMatchObject({
      code: 'REMOTE_ERROR',
    });
  });

  test('of a missing repository is 404', async () => {
    const server = await world.serve();
    expect(await failureOf(world.connect(`${server.url}/missing.git`).listRefs())).toMatchObject({
      code: 'REPOSITORY_NOT_FOUND',
    });
  });

  test.each([0, 1, 40, 3000, 200_000])(
    'cut off after %i bytes is an error, never part of a success',
    async (bytes) => {
      const server = await world.serve({
        intercept: ({ method }, response) => {
          if (method === 'POST' && bytes > 0) cutOff(response, bytes);
          else if (method === 'POST') response.destroy();
          return method === 'POST' && bytes === 0;
        },
      });
      const failure = await failureOf(pull(world.connect(`${server.url}/${name}`)));
      expect(failure.code).toMatch(/^(NETWORK_ERROR|REMOTE_ERROR|CORRUPT_PACK)$/);
      expect(failure.retryable).toBe(true);
    },
  );
});

describe('redirects', () => {
  const moved =
    (status: number, to: () => string) =>
    ({ url = '' }: IncomingMessage, response: ServerResponse) => {
      response.writeHead(status, { Location: `${to()}${url}` });
      response.end();
      return true;
    };

  test.each([301, 302, 307, 308])(
    'of status %i are followed once, and the new place is kept',
    async (status) => {
      const target = await world.serve();
      const server = await world.serve({ intercept: moved(status, () => target.url) });
      expect(await pull(world.connect(`${server.url}/${name}`))).toHaveLength(2);
      expect(server.requests).toHaveLength(1);
      expect(target.requests).toHaveLength(2);
    },
  );

  test('to another path of the same host keep the credentials', async () => {
    const server = await world.serve({
      auth,
      intercept: (request, response) => {
        if (!request.url?.startsWith('/old/')) return false;
        response.writeHead(301, { Location: request.url.replace('/old/', '/') });
        response.end();
        return true;
      },
    });
    await pull(world.connect(`${server.url}/old/${name}`, auth));
    expect(server.requests).toHaveLength(3);
  });

  test('to another host lose the credentials', async () => {
    const seen: (string | undefined)[] = [];
    const target = await world.serve({ onRequest: ({ headers }) => seen.push(headers.authorization) });
    const server = await world.serve({ intercept: moved(302, () => target.url) });
    await world.connect(`${server.url}/${name}`, auth).listRefs();
    expect(seen).toEqual([undefined]);
  });

  test('with user-info in them do not bring credentials', async () => {
    const seen: (string | undefined)[] = [];
    const target = await world.serve({ onRequest: ({ headers }) => seen.push(headers.authorization) });
    const server = await world.serve({
      intercept: moved(302, () => target.url.replace('//', '//eve:evil@')),
    });
    await world.connect(`${server.url}/${name}`).listRefs();
    expect(seen).toEqual([undefined]);
  });

  test('only of the discovery, which some hosts have, are followed too', async () => {
    const target = await world.serve();
    const server = await world.serve({
      intercept: (request, response) => {
        if (request.method === 'POST') return answering(404)(request, response);
        return moved(301, () => target.url)(request, response);
      },
    });
    expect((await world.connect(`${server.url}/${name}`).listRefs()).refs.size).toBe(1);
  });

  test.each([
    [
      'https://eve:evil@127.0.0.1:1/login?next=/',
      'to https://127.0.0.1:1/login, which is not a git repository.',
    ],
    ['file:///etc/passwd', 'to file:///etc/passwd.'],
    ['http://', 'to nowhere.'],
  ])('to %s are refused', async (location, where) => {
    const server = await world.serve({ intercept: answering(302, '', { Location: location }) });
    expect(await failureOf(world.connect(`${server.url}/${name}`).listRefs())).toMatchObject({
      code: 'REMOTE_ERROR',
      retryable: false,
      message: `${new URL(server.url).host} redirects ${where}`,
    });
  });

  test('in a circle end', async () => {
    const server = await world.serve({ intercept: moved(302, () => '') });
    expect(await failureOf(world.connect(`${server.url}/${name}`).listRefs())).toMatchObject({
      code: 'REMOTE_ERROR',
      retryable: false,
      message: expect.stringContaining('too often'),
    });
    expect(server.requests.length).toBeLessThan(20);
  });
});

describe('a connection', () => {
  test('that is refused is NETWORK_ERROR', async () => {
    const port = await listen(() => {});
    await closeListeners();
    expect(await failureOf(world.connect(`http://127.0.0.1:${port}/x.git`).listRefs())).toMatchObject({
      code: 'NETWORK_ERROR',
      retryable: true,
      message: `127.0.0.1:${port} refuses connections.`,
    });
  });

  test('to a host that does not exist is NETWORK_ERROR', async () => {
    expect(await failureOf(world.connect('http://host.invalid/x.git').listRefs())).toMatchObject({
      code: 'NETWORK_ERROR',
      retryable: true,
    });
  });

  test('that is closed at once is NETWORK_ERROR', async () => {
    const port = await listen((socket) => socket.destroy());
    expect(await failureOf(world.connect(`http://127.0.0.1:${port}/x.git`).listRefs())).toMatchObject({
      code: 'NETWORK_ERROR',
    });
  });

  test('that is never made is CONNECT_TIMEOUT', async () => {
    // A TLS handshake that nobody answers: the connection stands, but cannot be used.
    const port = await listen(() => {});
    const remote = world.connect(`https://127.0.0.1:${port}/x.git`, { connectTimeoutMs: 50 });
    expect(await failureOf(remote.listRefs())).toMatchObject({ code: 'CONNECT_TIMEOUT', retryable: true });
  });

  test('on which nothing comes is READ_TIMEOUT, before an answer and in the midst of it', async () => {
    const silent = await listen(() => {});
    const remote = world.connect(`http://127.0.0.1:${silent}/x.git`, { readTimeoutMs: 50 });
    expect(await failureOf(remote.listRefs())).toMatchObject({ code: 'READ_TIMEOUT', retryable: true });

    const server = await world.serve({
      intercept: (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-result' });
        response.write('00');
        return true;
      },
    });
    const halfway = world.connect(`${server.url}/${name}`, { readTimeoutMs: 50 });
    expect(await failureOf(halfway.listRefs())).toMatchObject({ code: 'READ_TIMEOUT', retryable: true });
  });

  test('may be slow as long as it says something', async () => {
    const server = await world.serve({
      intercept: async (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-result' });
        for (const digit of '0000') {
          response.write(digit);
          await new Promise((resolve) => setTimeout(resolve, 80));
        }
        response.end();
        return true;
      },
    });
    const remote = world.connect(`${server.url}/${name}`, { readTimeoutMs: 200 });
    expect((await remote.listRefs()).refs.size).toBe(0);
  });

  test('survives a process that is busy for longer than the time-out', async () => {
    const answer =
      'HTTP/1.1 200 OK\\r\\nContent-Type: application/x-git-upload-pack-result\\r\\nContent-Length: 4\\r\\n\\r\\n0000';
    const script = `require('net').createServer((socket) => setTimeout(() => socket.end('${answer}'), 50)).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`;
    const other = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [port] = await once(other.stdout, 'data');
      const remote = world.connect(`http://127.0.0.1:${String(port).trim()}/x.git`, { readTimeoutMs: 150 });
      const refs = remote.listRefs();
      // The request is on its way; the answer comes, and the time-out passes, while nobody looks.
      await new Promise((resolve) => setTimeout(resolve, 20));
      const until = performance.now() + 300;
      while (performance.now() < until);
      expect((await refs).refs.size).toBe(0);
    } finally {
      other.kill();
    }
  });

  test('is used again for the next request', async () => {
    const ports = new Set<number | undefined>();
    const server = await world.serve({ onRequest: ({ socket }) => ports.add(socket.remotePort) });
    await pull(world.connect(`${server.url}/${name}`));
    expect(server.requests).toHaveLength(2);
    expect(ports.size).toBe(1);
  });

  test('that its server has closed meanwhile is made anew', async () => {
    const sockets = new Set<Socket>();
    const server = await world.serve({ onRequest: ({ socket }) => sockets.add(socket) });
    const remote = world.connect(`${server.url}/${name}`);
    await remote.listRefs();
    for (const socket of sockets) socket.destroy();
    expect((await remote.listRefs()).refs.size).toBe(1);
    expect(sockets.size).toBe(2);
  });
});

describe('an abort', () => {
  test('before the first request makes none', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`, { signal: AbortSignal.abort() });
    expect(await failureOf(remote.listRefs())).toMatchObject({ code: 'CANCELLED' });
    expect(server.requests).toEqual([]);
  });

  test('ends a request that nobody answers, at once', async () => {
    const port = await listen(() => {});
    const controller = new AbortController();
    const remote = world.connect(`http://127.0.0.1:${port}/x.git`, { signal: controller.signal });
    const refs = failureOf(remote.listRefs());
    setTimeout(() => controller.abort(), 20);
    expect(await refs).toMatchObject({ code: 'CANCELLED', retryable: false });
  });

  test('ends a transfer in the midst of it', async () => {
    const server = await world.serve({
      intercept: (request, response) => {
        if (server.requests.length > 1) stall(response, 100_000);
        return request.method !== 'POST';
      },
    });
    const controller = new AbortController();
    const remote = world.connect(`${server.url}/${name}`, {
      signal: controller.signal,
      onProgress: ({ done }) => done === 0 && setTimeout(() => controller.abort(), 20),
    });
    expect(await failureOf(pull(remote))).toMatchObject({
      code: 'CANCELLED',
    });
  });
});

const listeners: { server: Server; sockets: Set<Socket> }[] = [];

/** A TCP server for what HTTP servers do not do. */
async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  listeners.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function closeListeners(): Promise<void> {
  for (const { server, sockets } of listeners.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Lets a response through up to a number of bytes and then drops the connection. */
function cutOff(response: ServerResponse, bytes: number): void {
  let left = bytes;
  const write = response.write.bind(response) as (chunk: Uint8Array) => boolean;
  response.write = ((chunk: Uint8Array): boolean => {
    const written = write(chunk.subarray(0, Math.max(0, left)));
    left -= chunk.length;
    if (left <= 0) setImmediate(() => response.destroy());
    return written;
  }) as typeof response.write;
}

/** Lets a response through up to a number of bytes and then leaves it hanging. */
function stall(response: ServerResponse, bytes: number): void {
  let left = bytes;
  const write = response.write.bind(response) as (chunk: Uint8Array) => boolean;
  response.write = ((chunk: Uint8Array): boolean => {
    if (left > 0) write(chunk.subarray(0, left));
    left -= chunk.length;
    return left > 0;
  }) as typeof response.write;
}

function collectingLogger(lines: unknown[]): Logger {
  const log = (fields: object, message: string) => lines.push([fields, message]);
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  return logger;
}
