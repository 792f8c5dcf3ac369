import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openStorage } from '../../src/storage/index.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { contents, createWorld, flowSource } from '../support/world.js';

const kills = 50;
const program = fileURLToPath(new URL('../support/sync-in-turns.ts', import.meta.url));

it('leaves the old state or the new one, whenever kill -9 strikes a sync of 200 flows', {
  timeout: 240_000,
}, async () => {
  const version = (name: string) =>
    Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => {
        // A tenth of the ids differs, so that flows come and go as well as change.
        const id = index % 10 === 0 ? `${name}-${index}` : `flow-${index}`;
        return [`_flows/${id}.yml`, flowSource('company.team', id, `# ${name}\n`)];
      }),
    );
  const world = await createWorld({ files: version('old') });
  const first = (await world.repository.tip()) ?? '';
  const gone = Object.fromEntries(Object.keys(version('old')).map((path) => [path, null]));
  const second = await world.repository.commit({ ...gone, ...version('new') });
  const stored = (files: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(files).map(([path, source]) => [`company.team/${path.slice(7, -4)}`, source]),
    );
  const states = [{}, stored(version('old')), stored(version('new'))];
  const directory = join(world.directory, 'storage');

  for (let kill = 0; kill < kills; kill++) {
    const child = spawn(process.execPath, ['--import', 'tsx', program, world.url, directory, first, second], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
    const storage = await openStorage(`file:${directory}`);
    expect(states).toContainEqual(await contents(storage));
    await storage.close?.();
  }

  const storage = await openStorage(`file:${directory}`);
  const context = { ...world.context, storage };
  await new SyncFlows({ url: world.url, targetNamespace: 'company.team', delete: true }).run(context);
  expect(await contents(storage)).toEqual(stored(version('new')));
  await storage.close?.();
  await world.close();
});
