import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson, digestPlan } from '../../../src/plan/plan-digest.js';
import { readPlan } from '../../../src/runtime/saved-plan/read-plan.js';
import { apply, type SavedPlan } from '../../../tasks/index.js';
import { PushFlows } from '../../../tasks/push-flows.js';
import { SyncFlows } from '../../../tasks/sync-flows.js';
import { contents, createWorld, fill, flowSource, type World } from '../../support/world.js';

let world: World;
let plan: SavedPlan;
const namespace = 'company.team';
const invalid = { code: 'INVALID_PLAN' };

beforeEach(async () => {
  world = await createWorld({
    files: { '_flows/a.yml': flowSource(namespace, 'a'), '_flows/b.yml': flowSource(namespace, 'b') },
  });
  await fill(world.storage, { 'company.team/old': flowSource(namespace, 'old') });
  plan = await new SyncFlows({ url: world.url, targetNamespace: namespace, delete: true }).plan(
    world.context,
  );
});
afterEach(() => world.close());

/** A changed copy; its digest is made anew when a forger would have thought of it. */
function edited(edit: (plan: SavedPlan) => void, { resign = false } = {}): SavedPlan {
  const copy = structuredClone(plan);
  edit(copy);
  return resign ? { ...copy, digest: digestPlan(copy) } : copy;
}

describe('reading a saved plan', () => {
  it('takes it as a value and as the text of a file, however that is laid out', () => {
    const value = JSON.parse(JSON.stringify(plan)) as SavedPlan;
    expect(readPlan(value)).toEqual(value);
    expect(readPlan(JSON.stringify(plan, null, 4))).toEqual(value);
    const reversed = Object.fromEntries(Object.entries(plan).reverse());
    expect(readPlan(JSON.stringify(reversed))).toEqual(value);
  });

  it('refuses a file in which any one character of a value was changed', () => {
    const text = JSON.stringify(plan);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('0', 'x', ' ', '"', '}'), (at, character) => {
        const damaged = text.slice(0, at) + character + text.slice(at + 1);
        let same = false;
        try {
          same = canonicalJson(JSON.parse(damaged)) === canonicalJson(plan);
        } catch {
          same = false;
        }
        if (same) return;
        expect(() => readPlan(damaged)).toThrow(expect.objectContaining(invalid));
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, unknown]>([
    ['no JSON', '{'],
    ['another document', '{"version":1}'],
    ['nothing', 'null'],
    ['a later version', { format: 'flowgit-plan', version: 2 }],
  ])('refuses %s', (_, value) => {
    expect(() => readPlan(value)).toThrow(expect.objectContaining(invalid));
  });

  it('refuses a plan that writes something else than it shows, digest or not', async () => {
    const forged = [
      edited(
        ({ tasks: [task] }) => {
          const change = task?.effect.kind === 'batch' ? task.effect.changes[0] : undefined;
          if (change?.action === 'put') change.content = { text: 'id: evil\n' };
        },
        { resign: true },
      ),
      edited(({ tasks: [task] }) => void task?.effect.changes.pop(), { resign: true }),
      edited(({ tasks: [task] }) => void task?.plan.changes.splice(0, 1), { resign: true }),
      edited(
        ({ tasks: [task] }) => {
          for (const change of task?.plan.changes ?? [])
            if (change.state === 'DELETED') change.state = 'UNCHANGED';
        },
        { resign: true },
      ),
    ];
    for (const document of forged)
      await expect(apply(document, world.context)).rejects.toMatchObject(invalid);
    expect(Object.keys(await contents(world.storage))).toEqual(['company.team/old']);
  });

  it('refuses a push that commits something else than it shows', async () => {
    plan = await new PushFlows({ url: world.url, sourceNamespace: namespace }).plan(world.context);
    const forged = edited(
      ({ tasks: [task] }) => {
        const change = task?.effect.kind === 'commit' ? task.effect.changes[0] : undefined;
        if (change !== undefined) change.path = '.github/workflows/x.yml';
      },
      { resign: true },
    );
    const tip = await world.repository.tip();
    await expect(apply(forged, world.context)).rejects.toMatchObject(invalid);
    expect(await world.repository.tip()).toBe(tip);
  });
});
