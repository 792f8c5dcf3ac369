import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectFlow } from '../../src/resources/flow.js';
import { rewriteNamespace } from '../../src/resources/flow-source.js';
import { openStorage } from '../../src/storage/index.js';
import { PushFlows } from '../../tasks/push-flows.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { BareRepository, type Files } from '../support/bare-repository.js';
import { createWorld, flowSource, type World } from '../support/world.js';

const corpus = fileURLToPath(new URL('../../../shared/data/blueprints/flows', import.meta.url));
const present = existsSync(corpus);

/** Real flows where they are at hand; ours, in every spelling that matters, where they are not. */
function sources(): string[] {
  if (present) return readdirSync(corpus).map((name) => readFileSync(join(corpus, name), 'utf8'));
  return [
    flowSource('company.team', 'plain'),
    flowSource('company.team.sub', 'child').replaceAll('\n', '\r\n'),
    `\uFEFF# head\nnamespace: "company.team" # quoted\nid: quoted\ntasks: [{id: a, type: b}]`,
    'id: folded\nnamespace: >-\n  company.team\ntasks:\n- id: a\n  type: b\n  run: |\n    namespace: company.team\n',
  ];
}

describe(
  present ? 'the flows people really run' : 'flows in every spelling (the real ones are not at hand)',
  () => {
    let world: World;
    const files: Files = {};
    const expected: Record<string, string> = {};

    beforeAll(async () => {
      for (const source of sources()) {
        const { id, namespace } = inspectFlow(source);
        const directories = (namespace ?? '').split('.').join('/');
        files[`_flows/${directories}/${id}.yml`] = source;
        expected[`_flows/${directories}/${id}.yml`] = rewriteNamespace(source, `moved.${namespace}`);
      }
      world = await createWorld({ files });
    });
    afterAll(() => world.close());

    it('travel into a directory storage and back, identical but for the namespace', async () => {
      const storage = await openStorage(`file:${join(world.directory, 'storage')}`);
      const context = { ...world.context, storage };
      const target = await BareRepository.create(join(world.directory, 'target.git'));
      const sync = () =>
        new SyncFlows({ url: world.url, targetNamespace: 'moved', includeChildNamespaces: true }).run(
          context,
        );
      const push = () =>
        new PushFlows({
          url: `${world.server.url}/target.git`,
          sourceNamespace: 'moved',
          includeChildNamespaces: true,
        }).run(context);

      expect((await sync()).summary).toMatchObject({ added: Object.keys(files).length, invalid: 0 });
      await push();
      expect(await target.files()).toEqual(expected);
      await target.fsck();

      const apply = storage.apply;
      storage.apply = () => Promise.reject(new Error('the second run writes nothing'));
      expect((await sync()).summary).toMatchObject({
        added: 0,
        updated: 0,
        unchanged: Object.keys(files).length,
      });
      expect((await push()).commitId).toBeNull();
      storage.apply = apply;
      expect(await target.commitCount()).toBe(1);
      await storage.close?.();
    });

    it('come back to their own repository without a difference', async () => {
      const storage = await openStorage(`file:${join(world.directory, 'same')}`);
      const context = { ...world.context, storage };
      const namespace = present ? 'company' : 'company.team';
      const gitDirectory = `_flows/${namespace.replaceAll('.', '/')}`;
      await new SyncFlows({
        url: world.url,
        targetNamespace: namespace,
        gitDirectory,
        includeChildNamespaces: true,
      }).run(context);
      const output = await new PushFlows({
        url: world.url,
        sourceNamespace: namespace,
        gitDirectory,
        includeChildNamespaces: true,
      }).run(context);
      expect(output.commitId).toBeNull();
      await storage.close?.();
    });
  },
);
