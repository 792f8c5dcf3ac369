import { expect, it } from 'vitest';
import { silentLogger } from '../../src/logger.js';
import { createMemoryStorage } from '../../src/storage/index.js';
import { tellIdle } from '../../src/triggers/tell-idle.js';
import { catalogOf, flowWith, put } from './flows.js';

const schedule = (id: string, more: string) => `- {id: ${id}, type: core.trigger.Schedule, ${more}}`;

it('tells of triggers that start nothing once for each revision of their flow', async () => {
  const storage = createMemoryStorage();
  const bad = schedule('bad', 'cron: "61 * * * *"');
  const catalog = await catalogOf(
    {
      'company/one': flowWith('company', 'one', bad),
      'company/fine': flowWith('company', 'fine', schedule('fine', 'cron: "@daily"')),
      'company/off': flowWith('company', 'off', schedule('off', 'cron: "@daily", disabled: true')),
      'company/other': flowWith('company', 'other', '- {id: other, type: com.example.Trigger}'),
      'company/strange': `id: strange\nnamespace: company\ntasks: [{id: t, type: com.example.Task}]\ntriggers:\n  ${bad}\n`,
    },
    storage,
  );
  const told: unknown[][] = [];
  const logger = {
    ...silentLogger,
    warn: (fields: unknown) => {
      const { flow, revision, trigger, cause, unknownTypes } = fields as Record<string, unknown>;
      told.push([flow, revision, trigger ?? unknownTypes, cause]);
    },
  };
  const stop = tellIdle(catalog, logger);
  expect(told.splice(0)).toEqual([
    ['company.one', 1, 'bad', 'invalid'],
    ['company.other', 1, 'other', 'unknown'],
    ['company.strange', 1, ['com.example.Task'], undefined],
    ['company.strange', 1, 'bad', 'invalid'],
  ]);
  await put(storage, 'company', 'fine', flowWith('company', 'fine', schedule('fine', 'cron: "@dly"')));
  await catalog.refresh();
  expect(told.splice(0)).toEqual([['company.fine', 2, 'fine', 'invalid']]);
  stop();
  await put(storage, 'company', 'fine', flowWith('company', 'fine', bad));
  await catalog.refresh();
  expect(told).toEqual([]);
});
