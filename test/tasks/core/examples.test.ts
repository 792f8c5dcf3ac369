import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { coreTasks } from '../../../tasks/core/index.js';
import { execute } from '../../runtime/harness.js';

/** What each example is there to show; all others end well. */
const expected: Record<string, string> = { go_on: 'WARNING' };

describe.each(coreTasks.map((type) => [type.type, type] as const))('%s', (name, type) => {
  it('has a title, examples, and properties that are described', () => {
    expect(type.title).toMatch(/\.$/);
    expect(type.examples.length).toBeGreaterThan(0);
    const shape: Record<string, { description?: string | undefined }> = type.properties.shape;
    for (const [property, schema] of Object.entries(shape)) expect(schema.description, property).toBeTruthy();
  });

  it.each(type.examples.map((example) => [example.title, example.flow]))('%s', async (_, flow) => {
    expect(flow).toContain(`type: ${name}`);
    const { execution } = await execute(flow);
    expect(
      execution.taskRuns.filter(
        ({ state }) => state === 'FAILED' && expected[execution.flowId] === undefined,
      ),
    ).toEqual([]);
    expect(execution.error).toBeNull();
    expect(execution.state).toBe(expected[parse(flow).id as string] ?? 'SUCCESS');
    for (const run of execution.taskRuns.filter((one) => one.type === name)) {
      expect(type.output.safeParse(run.outputs).error).toBeUndefined();
    }
  });
});
