import type { GitServer } from '../../../src/testing/index.js';

/** A request for the refs of one short branch name is smaller; one for objects names at least one by its 40 digits. */
const smallestFetchBytes = 115;

export function bytesDown(server: GitServer): number {
  return server.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0);
}

/** How often objects were asked for. */
export function downloads(server: GitServer): number {
  return server.requests.filter(({ method, bytesIn }) => method === 'POST' && bytesIn >= smallestFetchBytes)
    .length;
}

/** Makes a server of protocol v0: what a request says of a later one is lost. */
export function speakingV0({ headers }: { headers: Record<string, unknown> }): boolean {
  delete headers['git-protocol'];
  return false;
}
