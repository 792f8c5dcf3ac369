import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { NetworkError } from '../errors.js';
import type { ServerApp } from './services.js';

/** A server that listens. */
export interface Listening {
  /** `http://127.0.0.1:8080` */
  url: string;
  /** Takes no new requests, waits for those under way, and closes what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** Whoever sends a request slower than this is no client of ours. */
const headersTimeoutMs = 20_000;
const requestTimeoutMs = 120_000;
const maxConnections = 1000;

/** @throws NetworkError when the address cannot be had */
export async function listen(
  app: ServerApp,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.headersTimeout = headersTimeoutMs;
  server.requestTimeout = requestTimeoutMs;
  server.maxConnections = maxConnections;
  await new Promise<void>((done, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new NetworkError(`The server cannot listen at ${host}:${port} (${cause.code ?? cause.message}).`, {
          hint: 'Choose another address with --host and --port.',
          cause,
        }),
      );
    });
    server.listen(port, host, done);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { url: `http://${name}:${address.port}`, close: (graceMs) => close(server, graceMs) };
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((done) => {
    server.close(() => done());
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}

/** Whether nobody but this machine reaches the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
