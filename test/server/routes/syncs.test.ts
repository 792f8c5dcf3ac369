import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { syncList } from '../../../schemas/api.js';
import { type GitServer, startGitServer } from '../../../src/testing/git-server.js';
import { BareRepository, temporaryDirectory } from '../../support/bare-repository.js';
import { flowSource } from '../../support/world.js';
import { openServerWorld, type ServerWorld } from '../server-world.js';

let world: ServerWorld;
let git: GitServer;
let remove: () => Promise<void>;
beforeEach(async () => {
  const { path, remove: removeDirectory } = await temporaryDirectory();
  remove = removeDirectory;
  await BareRepository.create(join(path, 'flows.git'), { '_flows/a.yml': flowSource('company.team', 'a') });
  git = await startGitServer({ root: path });
  world = await openServerWorld();
});
afterEach(async () => {
  await world.close();
  await git.close();
  await remove();
});

const api = '/api/v1/main';

it('a sync is suspended and resumed only by whose namespaces have its flow, too', async () => {
  const admin = await world.bearer(['admin']);
  const team = await world.bearer(['write'], ['company.team']);
  const source = `id: sync\nnamespace: system\ntasks:\n  - id: git\n    type: git.SyncFlows\n    url: ${git.url}/flows.git\n    targetNamespace: company.team\n`;
  await world.request('POST', `${api}/flows`, source, admin);
  await world.request('POST', `${api}/executions/system/sync`, {}, admin);
  await world.work();
  const listed = await (await world.request('GET', `${api}/syncs`, undefined, team)).json();
  const path = `${api}/syncs/${syncList.parse(listed).syncs[0]?.id}`;
  const post = async (action: string, headers: Record<string, string>) =>
    (await world.request('POST', `${path}/${action}`, undefined, headers)).status;

  expect(await post('suspend', team)).toBe(403);
  expect(await post('suspend', admin)).toBe(204);
  expect(await post('resume', team)).toBe(403);
  expect(await (await world.request('GET', path, undefined, team)).json()).toMatchObject({
    suspendedAt: expect.any(String),
  });
  expect(await post('resume', admin)).toBe(204);
  expect(await post('resume', admin)).toBe(409);
});
