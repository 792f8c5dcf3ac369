// The git server of the benchmark, in a process of its own: neither its CPU time nor its event loop are ours.
//   server-process.ts OPTIONS
import { startGitServer } from 'flowgit/testing';
import type { ServerMessage, ServerOptions } from './server.js';

const { root, latencyMs, packObjectsHook } = JSON.parse(process.argv[2] ?? '{}') as ServerOptions;
const server = await startGitServer({
  root,
  latencyMs,
  ...(packObjectsHook !== null && { config: { 'uploadpack.packObjectsHook': packObjectsHook } }),
});

process.on('message', () => {
  const requests = server.requests.splice(0);
  tell({
    requests: requests.length,
    bytesDown: requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
    bytesUp: requests.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
  });
});
// Ctrl-C strikes the whole group; the benchmark hangs up when nobody asks any more.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
process.once('disconnect', () => {
  server.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
tell({ url: server.url });

function tell(message: ServerMessage): void {
  process.send?.(message);
}
