import { createServer, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface HttpProxy {
  url: string;
  /** What was asked of it: absolute URLs, and `CONNECT host:port`. */
  requests: string[];
  /** The `Proxy-Authorization` headers of those. */
  authorizations: (string | undefined)[];
  close(): Promise<void>;
}

/** A small forward proxy: absolute-form requests and CONNECT tunnels. `refuse` answers everything with a status. */
export async function startProxy({ refuse }: { refuse?: number } = {}): Promise<HttpProxy> {
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    authorizations.push(request.headers['proxy-authorization']);
    if (refuse !== undefined) {
      response.writeHead(refuse, { 'Content-Type': 'text/plain' }).end('refused by proxy');
      return;
    }
    const { method, headers } = request;
    const onward = httpRequest(request.url ?? '', { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('connect', (request, socket: Socket, head) => {
    requests.push(`CONNECT ${request.url}`);
    authorizations.push(request.headers['proxy-authorization']);
    if (refuse !== undefined) {
      socket.end(
        `HTTP/1.1 ${refuse} Refused\r\nContent-Type: text/plain\r\nContent-Length: 16\r\n\r\nrefused by proxy`,
      );
      return;
    }
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket);
      socket.pipe(onward);
    });
    sockets.add(onward);
    onward.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    authorizations,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
