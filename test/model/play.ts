import { expect } from 'vitest';
import type { ResourceKey } from '../../schemas/resources.js';
import { FlowgitError } from '../../src/errors.js';
import type { StorageAdapter } from '../../src/storage/types.js';
import { apply } from '../../tasks/index.js';
import { PushFlows } from '../../tasks/push-flows.js';
import { PushNamespaceFiles } from '../../tasks/push-namespace-files.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { SyncNamespaceFiles } from '../../tasks/sync-namespace-files.js';
import { type Base, type Content, type Decision, decide, mayDelete, type Policy } from './reference.js';
import type { Run, Step } from './steps.js';
import {
  broken,
  flowFiles,
  type GitFile,
  history,
  inGitSpelling,
  type Kind,
  keyOf,
  type ModelWorld,
  parse,
  pathIn,
  plainFiles,
  records,
  render,
  storedEverywhere,
} from './world.js';

const directoryOf: Record<Run, string> = { SYNC: '_flows', PUSH: '_flows', OTHER_SYNC: '_other' };
const nameOf = (namespace: string, id: string) => `${namespace}/${id}`;

/** Plays a story: people edit both sides, flowgit runs, and after each run both sides are as the reference says. */
export class Player {
  readonly #world: ModelWorld;
  readonly #bases: Record<Run, Map<string, Base>> = {
    SYNC: new Map(),
    OTHER_SYNC: new Map(),
    PUSH: new Map(),
  };
  /** Every value that a field of a flow had when flowgit ran. */
  readonly #seen = { git: new Set<string>(), stored: new Set<string>() };
  #edits = 0;
  #runs = 0;
  /** How often each kind of outcome was seen, so that a test can tell that it saw them all. */
  readonly outcomes: Record<string, number> = {};

  readonly #kind: Kind;

  constructor(world: ModelWorld, kind: Kind) {
    this.#world = world;
    this.#kind = kind;
  }

  /** What is out of everybody's scope, and stays. */
  async prepare(): Promise<void> {
    await this.#world.git.commit({
      'README.md': 'hello',
      '_flows2/x.yml': render('live', 'x', '0|0|0'),
      ...(this.#kind === 'flow' && { '_flows/notes.txt': 'n' }),
    });
    await this.#put('prod2', 'x', '0|0|0');
    await this.#put('pro', 'x', '0|0|0');
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.do === 'run') await this.#run(step.run, step.policy);
      else await this.#edit(step);
    }
  }

  async #edit(step: Exclude<Step, { do: 'run' }>): Promise<void> {
    const { git } = this.#world;
    const mark = `e${++this.#edits}`;
    if (step.do === 'commit elsewhere') return git.commit({ 'README.md': mark });
    if (step.do === 'empty git') {
      const files = await this.#files('_flows');
      return git.commit(Object.fromEntries(files.map(({ path }) => [path, null])));
    }
    const { namespace, id } = keyOf(this.#kind, step.namespace, step.id);
    if (step.do === 'edit storage' || step.do === 'delete storage') {
      const present = (await this.#stored()).get(nameOf(namespace, id));
      if (step.do === 'delete storage') return this.#remove(step.namespace, step.id);
      return this.#put(step.namespace, step.id, edited(present, step.field, step.undo ? '0' : mark));
    }
    const directory = 'other' in step && step.other ? '_other' : '_flows';
    const files = await this.#files(directory);
    const file = files.find((one) => one.namespace === namespace && one.says === id);
    const canonical =
      this.#kind === 'file' ? `${directory}/${id}` : pathIn(directory, step.namespace, `${id}.yml`);
    const spelled = this.#kind === 'flow' ? inGitSpelling(namespace) : 'text';
    switch (step.do) {
      case 'edit git': {
        const content = edited(file?.flow?.content, step.field, step.undo ? '0' : mark);
        return git.commit({ [file?.path ?? canonical]: render(spelled, id, content) });
      }
      case 'delete git':
        return file === undefined ? undefined : git.commit({ [file.path]: null });
      case 'break git':
        return this.#kind === 'file'
          ? undefined
          : git.commit({ [file?.path ?? canonical]: broken(id, mark) });
      case 'rename git':
      case 'copy git': {
        if (file?.flow == null) return;
        const path =
          this.#kind === 'file'
            ? canonical.replace(/[^/]+$/, 'x-$&')
            : pathIn(directory, step.namespace, `x-${id}.yaml`);
        const text = render(
          spelled,
          this.#kind === 'flow' ? id : path.slice(directory.length + 1),
          file.flow.content,
        );
        return git.commit({ ...(step.do === 'rename git' && { [file.path]: null }), [path]: text });
      }
    }
  }

  async #run(run: Run, policy: Policy): Promise<void> {
    const { git, storage } = this.#world;
    if (this.#runs % 3 === 2) await this.#applyOutdated(run, policy);
    const before = await this.#everything();
    const expected = await this.#expect(run, policy);

    const dry = await this.#outcome(run, policy, true);
    expect(await this.#everything(), 'a dry run writes nothing').toEqual(before);
    const real = await this.#outcome(run, policy, false);
    expect(dry, 'a dry run and a real run tell the same').toEqual(real);
    this.#count(`${run} ${'code' in real ? real.code : 'SUCCESS'}`);
    if ('summary' in real)
      for (const [kind, count] of Object.entries(real.summary)) if (count > 0) this.#count(`${run} ${kind}`);

    if (expected.errors.size > 0) {
      expect([...expected.errors], `${run} ${JSON.stringify(real)}`).toContain(
        'code' in real ? real.code : 'SUCCESS',
      );
      expect(await this.#everything(), 'a run that fails writes nothing').toEqual(before);
      return;
    }
    expect(real, `${run} succeeds`).toHaveProperty('summary');
    const stored = await storedEverywhere(storage);
    if (run === 'PUSH') {
      expect(stored, 'a push writes nothing to storage').toEqual(before.stored);
      expect(await this.#inGit('_flows')).toEqual(expected.target);
      expect(this.#untouched(await git.files())).toEqual(this.#untouched(before.files));
      if (this.#kind === 'flow')
        expect(invalidFiles(await git.files(), expected.ruins)).toEqual(
          invalidFiles(before.files, expected.ruins),
        );
    } else {
      expect(await git.tip(), 'a sync writes nothing to git').toBe(before.tip);
      expect(await this.#stored()).toEqual(expected.target);
      for (const [name, text] of before.stored) {
        const after = stored.get(name);
        const same = after?.replace(/^\d+ /, '') === text.replace(/^\d+ /, '');
        if (same || !/^(flow prod[./]|file prod\/)/.test(name))
          expect(after, `${name} has no new revision`).toBe(text);
      }
    }
    if (policy.onConflict === 'MERGE') {
      const after = new Set(fieldsOf(run === 'PUSH' ? await this.#inGit('_flows') : await this.#stored()));
      for (const field of expected.mine)
        expect(after, 'a merge loses nothing that one side alone has').toContain(field);
    }
    for (const [name, base] of expected.bases) {
      if (base === 'forget') this.#bases[run].delete(name);
      else if (base !== 'keep') this.#bases[run].set(name, base);
    }
    for (const { owner, name } of expected.taken) this.#bases[owner].delete(name);
    if (run !== 'OTHER_SYNC')
      for (const name of expected.gone) this.#bases[run === 'SYNC' ? 'PUSH' : 'SYNC'].delete(name);

    for (const field of fieldsOf(await this.#stored())) this.#seen.stored.add(field);
    for (const field of fieldsOf(await this.#inGit('_flows'))) this.#seen.git.add(field);
    const settled = await this.#everything();
    const told = await history(storage);
    const again = await this.#outcome(run, policy, false);
    expect(again, 'the second run succeeds').toHaveProperty('summary');
    expect(await this.#everything(), 'the second run does nothing').toEqual(settled);
    expect(await history(storage), 'and leaves no line in the history').toEqual(told);
  }

  /** What the reference says about a run. */
  async #expect(run: Run, policy: Policy) {
    const files = await this.#files(directoryOf[run]);
    const valid = files.flatMap(({ flow, namespace }) => (flow === null ? [] : [{ ...flow, namespace }]));
    const invalid = files.filter(({ flow }) => flow === null);
    const inGit = new Map(valid.map(({ namespace, id, content }) => [nameOf(namespace, id), content]));
    const stored = await this.#stored();
    for (const field of fieldsOf(stored)) this.#seen.stored.add(field);
    for (const field of fieldsOf(inGit)) this.#seen.git.add(field);
    const errors = new Set<string>();
    if (inGit.size < valid.length) errors.add('DUPLICATE_FLOW');
    if (run !== 'PUSH' && invalid.length > 0 && !policy.ignoreInvalidFlows) errors.add('INVALID_FLOW');

    const [source, target] = run === 'PUSH' ? [stored, new Map(inGit)] : [inGit, new Map(stored)];
    const ruins = new Set<string>();
    if (run === 'PUSH')
      for (const ruin of ruinsOf(invalid, stored, inGit)) {
        ruins.add(ruin.path);
        target.set(nameOf(ruin.namespace, ruin.says ?? ''), `!${ruin.path}`);
      }
    const held = new Set(
      run === 'PUSH' ? [] : invalid.map((file) => nameOf(file.namespace, file.says ?? '')),
    );
    const own = this.#bases[run];
    const counterpart =
      run === 'SYNC' ? this.#bases.PUSH : run === 'PUSH' ? this.#bases.SYNC : new Map<string, Base>();
    const after = new Map(target);
    const bases = new Map<string, Base | 'keep' | 'forget'>();
    const taken: { owner: Run; name: string }[] = [];
    /** What neither side has afterwards: then the other direction forgets it too. */
    const gone: string[] = [];
    let deletions = 0;
    const sourceSide = run === 'PUSH' ? this.#seen.stored : this.#seen.git;
    const unclaimed = new Map(target);
    for (const name of new Set([...source.keys(), ...target.keys(), ...own.keys()])) {
      if (held.has(name)) {
        bases.set(name, target.has(name) ? 'keep' : 'forget');
        continue;
      }
      const other = counterpart.get(name);
      const decision: Decision = decide(
        {
          source: source.get(name) ?? null,
          target: target.get(name) ?? null,
          targetIs: run === 'PUSH' ? 'git' : 'stored',
          own: own.get(name),
          others: other === undefined ? [] : [other],
        },
        policy,
      );
      if ('conflict' in decision) {
        errors.add('CONFLICT');
        continue;
      }
      if (decision.target === null) after.delete(name);
      else after.set(name, decision.target);
      bases.set(name, decision.base);
      if (decision.base === 'forget') gone.push(name);
      if (typeof decision.base === 'object' && decision.base.common !== undefined)
        this.#count(`${run} merged`);
      if (decision.deletes) {
        deletions++;
        unclaimed.delete(name);
      }
      const claims = decision.deletes === true || typeof decision.base === 'object';
      const owner = run === 'SYNC' ? 'OTHER_SYNC' : 'SYNC';
      if (run === 'PUSH' || !claims || own.has(name) || !this.#bases[owner].has(name)) continue;
      if (policy.adopt) taken.push({ owner, name });
      else errors.add('OWNED_BY_ANOTHER_SYNC');
    }
    if (deletions > 0 && source.size === 0 && !policy.allowEmpty) errors.add('EMPTY_SOURCE');
    if (!mayDelete(deletions, target.size, policy.maxDeletes)) errors.add('DELETION_BUDGET_EXCEEDED');
    for (const path of ruins) {
      // A broken file that was left is not among the valid flows.
      for (const [name, content] of after) if (content === `!${path}`) after.delete(name);
    }
    const mine = fieldsOf(unclaimed).filter((field) => !sourceSide.has(field) && !field.includes('!'));
    return { errors, target: after, bases, taken, gone, ruins, mine };
  }

  async #outcome(run: Run, policy: Policy, dryRun: boolean): Promise<{ code: string } | { summary: object }> {
    const { context } = this.#world;
    const task = this.#task(run, policy, dryRun);
    try {
      // Every third run goes through a saved plan: it shows what a run reports, and leaves what a run leaves.
      if (dryRun || ++this.#runs % 3 > 0) return { summary: (await task.run(context)).summary };
      const saved = JSON.stringify(await task.plan(context));
      const [applied] = await apply(saved, context);
      this.#count('applied');
      return { summary: applied?.plan.summary ?? {} };
    } catch (error) {
      if (error instanceof FlowgitError) return { code: error.code };
      throw error;
    }
  }

  #task(run: Run, policy: Policy, dryRun: boolean) {
    const { adopt, ignoreInvalidFlows, maxDeletes, ...shared } = policy;
    const guards = {
      ...shared,
      ...(maxDeletes !== undefined && { maxDeletes }),
      dryRun,
      url: this.#world.git.url,
      gitDirectory: directoryOf[run],
    };
    if (this.#kind === 'file') {
      const files = { ...guards, namespace: 'prod' };
      return run === 'PUSH'
        ? new PushNamespaceFiles(files)
        : new SyncNamespaceFiles({ ...files, adopt, failOnMissingDirectory: false });
    }
    const flows = { ...guards, includeChildNamespaces: true };
    return run === 'PUSH'
      ? new PushFlows({ ...flows, sourceNamespace: 'prod', targetNamespace: 'live' })
      : new SyncFlows({
          ...flows,
          targetNamespace: 'prod',
          adopt,
          ignoreInvalidFlows,
          failOnMissingDirectory: false,
        });
  }

  /** A plan that was made before somebody committed writes nothing. */
  async #applyOutdated(run: Run, policy: Policy): Promise<void> {
    const { git, context } = this.#world;
    const plan = await this.#task(run, policy, false)
      .plan(context)
      .catch((error: unknown) => {
        if (error instanceof FlowgitError) return null;
        throw error;
      });
    if (plan === null) return;
    await git.commit({ 'README.md': `n${++this.#edits}` });
    const before = await this.#everything();
    await expect(apply(plan, context)).rejects.toMatchObject({ code: 'STALE_PLAN' });
    expect(await this.#everything(), 'a plan that is stale writes nothing').toEqual(before);
    this.#count('stale');
  }

  async #files(directory: string): Promise<GitFile[]> {
    const files = await this.#world.git.files();
    return this.#kind === 'flow' ? flowFiles(files, directory) : plainFiles(files, directory);
  }

  /** What a push must leave alone, whatever it does. */
  #untouched(files: ReadonlyMap<string, string>): [string, string][] {
    const below = this.#kind === 'flow' ? /^_flows\/(sub\/)?[^/]+\.ya?ml$/ : /^_flows\//;
    return [...files].filter(([path]) => !below.test(path));
  }

  /** What the storage has in scope. */
  async #stored(): Promise<Map<string, string>> {
    const { storage } = this.#world;
    const scope = { kind: this.#kind, namespace: 'prod', children: this.#kind === 'flow' };
    const entries = await storage.list(scope);
    const contents = await storage.read(entries.map(({ key }) => key));
    return new Map(
      entries.map(({ key }, index) => {
        const flow = parse(Buffer.from(contents[index]?.content ?? []).toString());
        return [nameOf(key.namespace, key.id), flow?.content ?? ''];
      }),
    );
  }

  async #inGit(directory: string): Promise<Map<string, string>> {
    const files = await this.#files(directory);
    return new Map(
      files.flatMap(({ flow, namespace }) =>
        flow === null ? [] : [[nameOf(namespace, flow.id), flow.content]],
      ),
    );
  }

  async #everything() {
    const { git, storage } = this.#world;
    return {
      tip: await git.tip(),
      files: await git.files(),
      stored: await storedEverywhere(storage),
      records: await records(storage),
    };
  }

  async #put(namespace: string, id: string, content: string): Promise<void> {
    const key = keyOf(this.#kind, namespace, id);
    const text = render(this.#kind === 'flow' ? namespace : 'text', key.id, content);
    await write(this.#world.storage, key, Buffer.from(text));
  }

  #remove(namespace: string, id: string): Promise<void> {
    return write(this.#world.storage, keyOf(this.#kind, namespace, id), null);
  }

  #count(outcome: string): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }
}

function fieldsOf(flows: ReadonlyMap<string, string>): string[] {
  return [...flows].flatMap(([name, content]) =>
    content.split('|').map((value, index) => `${name} ${index} ${value}`),
  );
}

function edited(content: Content | undefined, field: number, value: string): string {
  return (content ?? '0|0|0')
    .split('|')
    .map((old, index) => (index === field ? value : old))
    .join('|');
}

async function write(storage: StorageAdapter, key: ResourceKey, content: Uint8Array | null) {
  const [present] = await storage.read([key]);
  const expectedOid = present?.oid ?? null;
  if (content !== null) await storage.apply({ changes: [{ action: 'put', key, content, expectedOid }] });
  else if (expectedOid !== null) await storage.apply({ changes: [{ action: 'delete', key, expectedOid }] });
}

/** The broken files that a push may write over: of a flow that it pushes and that has no other file. */
function ruinsOf(
  invalid: readonly GitFile[],
  stored: ReadonlyMap<string, string>,
  inGit: ReadonlyMap<string, string>,
): GitFile[] {
  return [...stored.keys()].flatMap((name) => {
    if (inGit.has(name)) return [];
    const broken = invalid.filter((file) => nameOf(file.namespace, file.says ?? '') === name);
    const canonical = broken.find(({ path, says }) => path.endsWith(`/${says}.yml`));
    return [canonical ?? broken[0]].flatMap((file) => file ?? []);
  });
}

function invalidFiles(files: ReadonlyMap<string, string>, ruins: ReadonlySet<string>): [string, string][] {
  return [...files].filter(
    ([path, text]) => path.startsWith('_flows/') && parse(text) === null && !ruins.has(path),
  );
}
