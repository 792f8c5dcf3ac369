import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, it } from 'vitest';
import { NodeHttpClient } from '../../../src/git/transport/http/node-client.js';

it('asks on a fresh connection when every kept one turns out to be dead', async () => {
  const seen = new WeakSet<Socket>();
  const server = createServer((request, response) => {
    // As after a long pause: the second request on a connection finds nobody there.
    if (seen.has(request.socket)) request.socket.destroy();
    else setTimeout(() => response.end('here'), 20);
    seen.add(request.socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new NodeHttpClient({ connectTimeoutMs: 1000, readTimeoutMs: 1000 });
  const ask = async () => {
    const url = new URL(`http://127.0.0.1:${port}/`);
    const response = await client.exchange({ url, method: 'GET', headers: {}, repeatable: true });
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(['here', 'here', 'here']);
  expect(await ask()).toBe('here');
  client.close();
  await new Promise((resolve) => server.close(resolve));
});
