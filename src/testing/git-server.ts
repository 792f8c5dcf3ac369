import { type ChildProcess, spawn } from 'node:child_process';
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { delimiter } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CgiResponse } from './cgi-response.js';

export interface GitServerOptions {
  /** Folder whose bare repositories are served, by their path below it. */
  root: string;
  /** Basic credentials that every request has to bring. */
  auth?: { username: string; password: string };
  /** Waits this long before it answers. */
  latencyMs?: number;
  /** Answers a request instead of git by returning true. */
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;
  onRequest?: (request: IncomingMessage) => void;
  https?: { key: string | Buffer; cert: string | Buffer };
  /** Git configuration of the served repositories, such as `uploadpack.allowFilter`. */
  config?: Record<string, string>;
}

export interface GitServer {
  /** Without a trailing slash; a repository `a/b.git` is at `${url}/a/b.git`. */
  readonly url: string;
  readonly port: number;
  /** Requests in the order of their arrival; byte counts are of bodies and grow while one is served. */
  readonly requests: ServedRequest[];
  close(): Promise<void>;
}

export interface ServedRequest {
  method: string;
  /** With the query string. */
  path: string;
  bytesIn: number;
  bytesOut: number;
}

const defaultConfig: Record<string, string> = {
  'http.receivepack': 'true',
  'uploadpack.allowFilter': 'true',
  'safe.directory': '*',
};

/**
 * Serves bare repositories over smart HTTP with git's own `git http-backend`, on a free loopback port.
 * For tests and demonstrations: it does not read the user's git configuration.
 */
export async function startGitServer(options: GitServerOptions): Promise<GitServer> {
  const requests: ServedRequest[] = [];
  const running = new Set<ChildProcess>();
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(options, requests, running, request, response).catch(() => response.destroy());
  };
  const server: Server = options.https ? createTlsServer(options.https, listener) : createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.https ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const child of running) child.kill();
      }),
  };
}

async function serve(
  options: GitServerOptions,
  requests: ServedRequest[],
  running: Set<ChildProcess>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const record = { method: request.method ?? 'GET', path: request.url ?? '/', bytesIn: 0, bytesOut: 0 };
  requests.push(record);
  options.onRequest?.(request);
  if (options.latencyMs) await delay(options.latencyMs);
  if (await options.intercept?.(request, response)) return;
  if (options.auth && !isAuthorized(request, options.auth)) {
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"', 'Content-Type': 'text/plain' });
    response.end('Authentication required\n');
    return;
  }

  const child = spawn('git', ['http-backend'], { env: cgiEnvironment(options, request) });
  running.add(child);
  child.once('close', () => running.delete(child));
  child.once('error', (error) => {
    if (!response.headersSent) response.writeHead(500);
    response.end(`${error.message}\n`);
  });
  response.once('close', () => {
    if (!response.writableFinished) child.kill();
  });

  request.on('data', (chunk: Buffer) => {
    record.bytesIn += chunk.length;
  });
  child.stdin.on('error', () => {}); // git may stop reading before the client stops sending
  child.stderr.resume();
  request.pipe(child.stdin);

  const cgi = new CgiResponse(response);
  cgi.on('data', (chunk: Buffer) => {
    record.bytesOut += chunk.length;
  });
  child.stdout.pipe(cgi).pipe(response);
}

function isAuthorized(request: IncomingMessage, auth: { username: string; password: string }): boolean {
  const expected = Buffer.from(
    `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`,
  );
  const given = Buffer.from(request.headers.authorization ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The variables of RFC 3875 that `git http-backend` reads, and nothing from the surrounding process. */
function cgiEnvironment(options: GitServerOptions, request: IncomingMessage): Record<string, string> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const header = (name: string): string => String(request.headers[name] ?? '');
  const config = Object.entries({ ...defaultConfig, ...options.config });
  const environment: Record<string, string> = {
    PATH: ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin'].join(delimiter),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: String(config.length),
    GIT_PROJECT_ROOT: options.root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROTOCOL: header('git-protocol'),
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method ?? 'GET',
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
    REMOTE_USER: options.auth?.username ?? 'flowgit',
    CONTENT_TYPE: header('content-type'),
    CONTENT_LENGTH: header('content-length'),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
  };
  config.forEach(([key, value], index) => {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return environment;
}
