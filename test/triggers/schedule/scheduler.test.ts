import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/logger.js';
import { createMemoryStorage, type StorageAdapter } from '../../../src/storage/index.js';
import { createFlowCatalog } from '../../../src/triggers/flow-catalog.js';
import { createScheduler } from '../../../src/triggers/schedule/scheduler.js';
import type { StartRequest } from '../../../src/triggers/types.js';
import { flowWith, put, registry } from '../flows.js';

const schedule = (fields: string) =>
  `- id: timer\n  type: io.kestra.plugin.core.trigger.Schedule\n${fields.replace(/^/gm, '  ')}`;

/** A server over a storage: its clock stands still until it is set. */
async function serverOver(
  storage: StorageAdapter,
  runs: Map<string, StartRequest>,
  further: { jitterMs?: number } = {},
) {
  const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
  await catalog.refresh();
  let now = new Date('2026-05-04T10:00:30Z');
  let broken = false;
  const scheduler = createScheduler({
    catalog,
    storage,
    logger: silentLogger,
    clock: () => now,
    ...further,
    async startRun(request) {
      if (broken) throw new Error('The database is away.');
      const { executionId = '' } = request;
      const started = !runs.has(executionId);
      if (started) runs.set(executionId, request);
      return { executionId, started };
    },
  });
  return {
    catalog,
    scheduler,
    fail: (value: boolean) => {
      broken = value;
    },
    async at(time: string) {
      now = new Date(`2026-05-04T${time}Z`);
      return scheduler.look();
    },
  };
}

const dates = (runs: ReadonlyMap<string, StartRequest>) =>
  [...runs.values()].map(({ trigger }) => String(trigger.variables.date).slice(11, 19));

async function stored(fields: string) {
  const storage = createMemoryStorage();
  await put(storage, 'company', 'one', flowWith('company', 'one', schedule(fields)));
  return storage;
}

describe('a scheduler', () => {
  it('starts a flow at its times, with what expressions see of them', async () => {
    const storage = await stored('cron: "* * * * *"\ninputs:\n  day: "{{ trigger.date }}"');
    const runs = new Map<string, StartRequest>();
    const server = await serverOver(storage, runs);
    await server.at('10:00:30');
    expect(await server.at('10:00:59')).toEqual(new Date('2026-05-04T10:01:00Z'));
    expect(runs.size).toBe(0);
    await server.at('10:01:00');
    await server.at('10:01:00');
    await server.at('10:01:20');
    expect([...runs.values()]).toEqual([
      expect.objectContaining({
        flow: expect.objectContaining({ namespace: 'company', id: 'one' }),
        trigger: {
          type: 'schedule',
          id: 'timer',
          variables: {
            date: '2026-05-04T10:01:00Z',
            next: '2026-05-04T10:02:00Z',
            previous: '2026-05-04T10:00:00Z',
          },
        },
        inputs: { day: '2026-05-04T10:01:00Z' },
        coalesceKey: 'schedule company/one/timer',
      }),
    ]);
  });

  it('is one with another server of the same storage', async () => {
    const storage = await stored('cron: "* * * * *"');
    const runs = new Map<string, StartRequest>();
    const [one, other] = [await serverOver(storage, runs), await serverOver(storage, runs)];
    for (const time of ['10:00:30', '10:01:00', '10:02:01']) {
      await Promise.all([one.at(time), other.at(time)]);
    }
    expect(dates(runs)).toEqual(['10:01:00', '10:02:00']);
  });

  it.each([
    ['', ['10:01:00', '10:02:00', '10:03:00', '10:04:00', '10:05:00', '10:06:00']],
    [
      '\nrecoverMissedSchedules: ALL',
      ['10:01:00', '10:02:00', '10:03:00', '10:04:00', '10:05:00', '10:06:00'],
    ],
    ['\nrecoverMissedSchedules: LAST', ['10:01:00', '10:06:00']],
    ['\nrecoverMissedSchedules: NONE', ['10:01:00', '10:06:00']],
    ['\nlateMaximumDelay: PT3M', ['10:01:00', '10:04:00', '10:05:00', '10:06:00']],
  ])('takes up after a restart as it is told:%s', async (how, expected) => {
    const storage = await stored(`cron: "* * * * *"${how}`);
    const runs = new Map<string, StartRequest>();
    const first = await serverOver(storage, runs);
    await first.at('10:00:30');
    await first.at('10:01:00');
    // 10:05 and 10:06 are no minute ago.
    const second = await serverOver(storage, runs);
    await second.at('10:06:01');
    const late = how.includes('LAST') || how.includes('NONE');
    expect(dates(runs).filter((date) => !late || date !== '10:05:00')).toEqual(expected);
  });

  it('does not run what lies before a flow was seen, and forgets one that is disabled', async () => {
    const storage = await stored('cron: "* * * * *"');
    const runs = new Map<string, StartRequest>();
    const server = await serverOver(storage, runs);
    await server.at('10:00:30');
    await put(storage, 'company', 'two', flowWith('company', 'two', schedule('cron: "*/2 * * * *"')));
    await put(
      storage,
      'company',
      'one',
      flowWith('company', 'one', schedule('cron: "* * * * *"\ndisabled: true')),
    );
    await server.catalog.refresh();
    await server.at('10:03:00');
    expect(runs.size).toBe(0);
    await server.at('10:04:00');
    expect([...runs.values()].map(({ flow }) => flow.id)).toEqual(['two']);
  });

  it('tries again what could not be started, and starts nothing twice', async () => {
    const storage = await stored('cron: "* * * * *"');
    const runs = new Map<string, StartRequest>();
    const server = await serverOver(storage, runs);
    await server.at('10:00:30');
    server.fail(true);
    expect(await server.at('10:01:00')).toEqual(new Date('2026-05-04T10:01:05Z'));
    server.fail(false);
    await server.at('10:01:05');
    await server.at('10:01:10');
    expect(dates(runs)).toEqual(['10:01:00']);
  });

  it('spreads the runs of one moment, each flow always at its own place', async () => {
    const storage = await stored('cron: "* * * * *"');
    await put(storage, 'company', 'two', flowWith('company', 'two', schedule('cron: "* * * * *"')));
    const runs = new Map<string, StartRequest>();
    const server = await serverOver(storage, runs, { jitterMs: 30_000 });
    await server.at('10:00:30');
    await server.at('10:01:00');
    await server.at('10:02:00');
    const delays = [...runs.values()].map(
      ({ startAfter, trigger }) => Number(startAfter) - Number(new Date(String(trigger.variables.date))),
    );
    expect(delays).toHaveLength(4);
    expect(delays.slice(0, 2)).toEqual(delays.slice(2));
    expect(new Set(delays).size).toBe(2);
    expect(delays.every((delay) => delay > 0 && delay < 30_000)).toBe(true);
  });

  it('leaves a schedule that it cannot understand, and runs the others', async () => {
    const storage = await stored('cron: "61 * * * *"');
    await put(storage, 'company', 'two', flowWith('company', 'two', schedule('cron: "* * * * *"')));
    const runs = new Map<string, StartRequest>();
    const server = await serverOver(storage, runs);
    await server.at('10:00:30');
    await server.at('10:01:00');
    expect([...runs.values()].map(({ flow }) => flow.id)).toEqual(['two']);
  });

  it('goes on by itself until it is stopped', async () => {
    const storage = await stored('cron: "* * * * * *"\nwithSeconds: true');
    const runs = new Map<string, StartRequest>();
    const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
    await catalog.refresh();
    const seen = new Promise<void>((resolve) => {
      const scheduler = createScheduler({
        catalog,
        storage,
        logger: silentLogger,
        async startRun(request) {
          runs.set(request.executionId ?? '', request);
          if (runs.size === 2) void scheduler.stop().then(resolve);
          return { executionId: request.executionId ?? '', started: true };
        },
      });
      void scheduler.start();
    });
    await seen;
    expect(runs.size).toBe(2);
  });
});
