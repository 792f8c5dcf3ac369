import { afterEach, describe, expect, it } from 'vitest';
import { PushFlows } from '../../tasks/push-flows.js';
import type { Files } from '../support/bare-repository.js';
import { createWorld, fill, flowSource, type World } from '../support/world.js';

let world: World;

async function start(files: Files, stored: Record<string, string>): Promise<void> {
  world = await createWorld({ files });
  await fill(world.storage, stored);
}

afterEach(() => world.close());

function push(sourceNamespace: string, properties: object = {}) {
  return new PushFlows({ url: world.url, sourceNamespace, ...properties }).run(world.context);
}

const files = async () => Object.keys(await world.repository.files());

describe('two pushes into one directory', () => {
  it("leave each other's flows alone, again and again", async () => {
    await start(
      { README: 'x' },
      { 'team.a/x': flowSource('team.a', 'x'), 'team.b/y': flowSource('team.b', 'y') },
    );
    await push('team.a');
    await push('team.b');
    expect((await push('team.a')).commitId).toBeNull();
    expect((await push('team.b')).commitId).toBeNull();
    expect(await files()).toEqual(['README', '_flows/x.yml', '_flows/y.yml']);
  });
});

describe('a file whose flow is gone', () => {
  it('goes when it says the namespace that is pushed, and stays when it says a child that is not', async () => {
    await start(
      { '_flows/a.yml': flowSource('prod', 'a'), '_flows/b.yml': flowSource('prod.child', 'b') },
      { 'dev/c': flowSource('dev', 'c') },
    );
    await push('dev', { targetNamespace: 'prod' });
    expect(await files()).toEqual(['_flows/b.yml', '_flows/c.yml']);
    await push('dev', { targetNamespace: 'prod', includeChildNamespaces: true });
    expect(await files()).toEqual(['_flows/c.yml']);
  });
});

describe('a stored flow that an edit by hand spoilt', () => {
  it.each([
    ['is no YAML', 'id: a\nnamespace: [\n'],
    ['says another id', flowSource('dev', 'other')],
  ])('leaves its file in git as it is: it %s', async (_, source) => {
    const before = { '_flows/a.yml': flowSource('dev', 'a'), '_flows/b.yml': flowSource('dev', 'b') };
    await start(before, { 'dev/a': source, 'dev/b': flowSource('dev', 'b') });
    expect((await push('dev')).commitId).toBeNull();
    expect(await world.repository.files()).toEqual(before);
  });
});
