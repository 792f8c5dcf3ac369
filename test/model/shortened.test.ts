import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResourceKey } from '../../schemas/resources.js';
import type { RunContext } from '../../src/runtime/context.js';
import { createRunContext } from '../../src/runtime/create-context.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import type { StorageAdapter } from '../../src/storage/types.js';
import { PushFlows } from '../../tasks/push-flows.js';
import { PushNamespaceFiles } from '../../tasks/push-namespace-files.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { SyncNamespaceFiles } from '../../tasks/sync-namespace-files.js';
import type { Files } from '../support/bare-repository.js';
import { createWorld, flowSource, removeReceipts, rows, type World } from '../support/world.js';

/** `npm run model` asks for many more. */
const stories = Math.max(4, Math.ceil(Number(process.env.FLOWGIT_MODEL_RUNS ?? 200) / 25));

/** Each with the flow that mostly stands there. */
const places = { a: 'a', b: 'b', c: 'c', 'sub/d': 'd', 'sub/e': 'e', A: 'f', é: 'g', 'x y': 'h' } as const;
const names = Object.keys(places) as (keyof typeof places)[];
const ids = Object.values(places);

type Kind = 'flow' | 'file';
type Content = 'one' | 'two' | 'empty' | 'link' | 'executable' | 'invalid';
type Step =
  | { do: 'git'; name: keyof typeof places; id: string; content: Content | null }
  | { do: 'ignore'; pattern: string | null }
  | { do: 'storage'; id: string; content: string | null }
  | { do: 'run'; run: 'SYNC' | 'PUSH'; policy: Policy; dryRun: boolean };

interface Policy {
  onConflict: 'SOURCE' | 'FAIL' | 'SKIP' | 'MERGE';
  delete: boolean;
  deleteScope: 'ALL' | 'OWNED';
  ignoreInvalidFlows: boolean;
}

const policies: Policy[] = [
  { onConflict: 'SOURCE', delete: true, deleteScope: 'ALL', ignoreInvalidFlows: false },
  { onConflict: 'MERGE', delete: true, deleteScope: 'ALL', ignoreInvalidFlows: true },
  { onConflict: 'SKIP', delete: true, deleteScope: 'OWNED', ignoreInvalidFlows: true },
  { onConflict: 'SOURCE', delete: false, deleteScope: 'ALL', ignoreInvalidFlows: true },
];

const gitEdit: fc.Arbitrary<Step> = fc
  .record({
    name: fc.constantFrom(...names),
    other: fc.constantFrom(null, null, null, null, null, ...ids.slice(0, 2)),
    content: often<Content | null>(8, ['one', 'two', null], ['empty', 'link', 'executable', 'invalid']),
  })
  .map(({ name, other, content }) => ({ do: 'git', name, id: other ?? places[name], content }));

const disturbance: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('storage' as const),
    id: fc.constantFrom(...ids),
    content: fc.constantFrom('one', 'two', null),
  }),
  fc.record({ do: fc.constant('ignore' as const), pattern: fc.constantFrom('b*', 'sub/', null) }),
  fc.record({
    do: fc.constant('run' as const),
    run: fc.constantFrom('SYNC' as const, 'PUSH' as const),
    policy: fc.constantFrom(...policies),
    dryRun: fc.boolean(),
  }),
);

/** A few edits and then a run, again and again: only what came as a whole is shortened. */
const story: fc.Arbitrary<Step[]> = fc.constantFrom(...policies).chain((policy) => {
  const run: Step = { do: 'run', run: 'SYNC', policy, dryRun: false };
  const round = fc
    .tuple(fc.array(gitEdit, { minLength: 1, maxLength: 3 }), often(5, [null], [disturbance]))
    .chain(([edits, disturbed]) => (disturbed ?? fc.constant(null)).map((extra) => [...edits, extra]));
  return fc
    .array(round, { minLength: 3, maxLength: 8, size: 'max' })
    .map((rounds) => [run, ...rounds.flatMap((steps) => [...steps.filter((step) => step !== null), run])]);
});

/** One of the usual values, and in one of so many cases another one. */
function often<T>(times: number, usual: readonly T[], others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: times, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

/** The same repository, synced into two storages; one of them forgets what would shorten its runs. */
class Twins {
  readonly #world: World;
  readonly #kind: Kind;
  readonly #branch: string;
  readonly #sides: { storage: StorageAdapter; context: RunContext; forgets: boolean }[];
  #listings = 0;

  constructor(world: World, kind: Kind, branch: string) {
    this.#world = world;
    this.#kind = kind;
    this.#branch = branch;
    this.#sides = [false, true].map((forgets) => {
      const memory = createMemoryStorage();
      const list: StorageAdapter['list'] = (scope, options) => {
        if (scope.kind === kind) this.#listings++;
        return memory.list(scope, options);
      };
      const storage = { ...memory, list };
      const identity = { namespace: 'system', flowId: 'runner' };
      const context = createRunContext({ storage, identity, logger: world.context.logger });
      return { storage, forgets, context };
    });
  }

  /** Resolves to how many runs did something without a listing of the storage. */
  async play(steps: readonly Step[]): Promise<number> {
    await this.#commit({ README: 'x', '_dir/a.yml': this.#text('a', 'one') });
    let shortened = 0;
    for (const step of steps) {
      if (step.do === 'run') shortened += await this.#runBoth(step);
      else if (step.do === 'git') await this.#edit(step);
      else if (step.do === 'ignore') await this.#commit({ '_dir/.kestraignore': step.pattern });
      else for (const { storage } of this.#sides) await this.#put(storage, step);
    }
    return shortened;
  }

  async #edit({ name, id, content }: Step & { do: 'git' }): Promise<void> {
    await this.#commit({ [`_dir/${name}.yml`]: content === null ? null : this.#file(id, content) });
  }

  #file(id: string, content: Content): Files[string] {
    if (content === 'empty') return '';
    if (content === 'link') return { link: 'a.yml' };
    if (content === 'executable') return { executable: this.#text(id, 'one') };
    return content === 'invalid' ? `id: ${id}\ntasks: [` : this.#text(id, content);
  }

  #text(id: string, content: string): string {
    return this.#kind === 'flow' ? flowSource('prod', id, `# ${content}\n`) : `${content}\n`;
  }

  async #commit(files: Files): Promise<void> {
    await this.#world.repository.commit(files, { branch: this.#branch });
  }

  async #put(storage: StorageAdapter, { id, content }: Step & { do: 'storage' }): Promise<void> {
    const name = this.#kind === 'flow' ? id : `${id}.yml`;
    const key: ResourceKey = { kind: this.#kind, namespace: 'prod', id: name };
    const [present] = await storage.read([key]);
    const expectedOid = present?.oid ?? null;
    if (content !== null) {
      const bytes = Buffer.from(this.#text(id, content));
      await storage.apply({ changes: [{ action: 'put', key, content: bytes, expectedOid }] });
    } else if (expectedOid !== null)
      await storage.apply({ changes: [{ action: 'delete', key, expectedOid }] });
  }

  async #runBoth(step: Step & { do: 'run' }): Promise<number> {
    const tip = await this.#world.repository.tip(this.#branch);
    const outcomes: object[] = [];
    let shortened = 0;
    for (const { storage, context, forgets } of this.#sides) {
      if (forgets) await removeReceipts(storage);
      // A push of one must not be there for the other.
      if (tip !== null) await this.#world.repository.git('update-ref', `refs/heads/${this.#branch}`, tip);
      const before = await everything(storage);
      this.#listings = 0;
      const outcome = await this.#outcome(step, context);
      const isShort = this.#listings === 0;
      const stored = await everything(storage);
      if (isShort && stored.join() !== before.join()) shortened++;
      outcomes.push({ ...outcome, stored });
    }
    const [short, whole] = outcomes;
    expect(short, JSON.stringify(step)).toEqual(whole);
    return shortened;
  }

  async #outcome({ run, policy, dryRun }: Step & { do: 'run' }, context: RunContext): Promise<object> {
    const { ignoreInvalidFlows, ...guards } = policy;
    const shared = {
      url: this.#world.url,
      branch: this.#branch,
      gitDirectory: '_dir',
      dryRun,
      allowEmpty: true,
      maxDeletes: '100%',
      ...guards,
    };
    const files = { ...shared, namespace: 'prod' };
    const from = { ...shared, sourceNamespace: 'prod', targetNamespace: 'prod' };
    const into = { ...shared, targetNamespace: 'prod', ignoreInvalidFlows };
    const tasks = {
      file: { SYNC: new SyncNamespaceFiles(files), PUSH: new PushNamespaceFiles(files) },
      flow: { SYNC: new SyncFlows(into), PUSH: new PushFlows(from) },
    };
    try {
      const output = await tasks[this.#kind][run].run(context);
      const uri = 'files' in output ? output.files : output.flows;
      return { summary: output.summary, rows: await rows(context, uri) };
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return { code, message };
    }
  }
}

/** Everything but flowgit's own records, with revisions. */
async function everything(storage: StorageAdapter): Promise<string[]> {
  const found: string[] = [];
  for (const kind of ['flow', 'file'] as const)
    for (const { key, oid, revision } of await storage.list({ kind, namespace: '', children: true }))
      found.push(`${key.kind} ${key.namespace} ${key.id} ${oid} ${revision}`);
  return found;
}

describe.each(['file', 'flow'] as const)('a %s run that an earlier one shortens', (kind) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  it(`does what a whole one does, in ${stories} stories`, { timeout: 3_600_000 }, async () => {
    let number = 0;
    let shortened = 0;
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        shortened += await new Twins(world, kind, `story-${++number}`).play(steps);
      }),
      { numRuns: stories },
    );
    expect(shortened).toBeGreaterThan(stories / 2);
  });
});
