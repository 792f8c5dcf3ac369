import { Cron } from 'croner';
import { describe, expect, it, vi } from 'vitest';
import { reportError } from '../../../src/errors.js';
import { type Logger, silentLogger } from '../../../src/logger.js';
import { createMemoryStorage, type StorageAdapter } from '../../../src/storage/index.js';
import { createFlowCatalog } from '../../../src/triggers/flow-catalog.js';
import { createScheduler } from '../../../src/triggers/schedule/scheduler.js';
import type { StartRequest, StartRun, StartRuns } from '../../../src/triggers/types.js';
import { flowWith, put, registry } from '../flows.js';

const schedule = (fields: string) =>
  `- id: timer\n  type: io.kestra.plugin.core.trigger.Schedule\n${fields.replace(/^/gm, '  ')}`;

/** All or none, as in a transaction: one that cannot be started stops the others that are asked for with it. */
function together(broken: ReadonlySet<string>, start: StartRun): StartRuns {
  return async (requests) => {
    if (requests.length > 1 && requests.some(({ flow }) => broken.has(flow.id))) {
      throw new Error('One of them cannot be started.');
    }
    return Promise.all(requests.map(start));
  };
}

/** A server over a storage: its clock stands still until it is set. */
async function serverOver(
  storage: StorageAdapter,
  runs: Map<string, StartRequest>,
  further: { jitterMs?: number; logger?: Logger } = {},
) {
  const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
  await catalog.refresh();
  let now = new Date('2026-05-04T10:00:30Z');
  const broken = new Set<string>();
  const asked: string[] = [];
  const scheduler = createScheduler({
    catalog,
    storage,
    logger: silentLogger,
    clock: () => now,
    ...further,
    startRuns: together(broken, async (request) => {
      const { executionId = '', flow } = request;
      asked.push(`${flow.id} ${String(request.trigger.variables.date)}`);
      if (broken.has(flow.id)) throw new Error('The database is away.');
      const started = !runs.has(executionId);
      if (started) runs.set(executionId, request);
      return { executionId, started };
    }),
  });
  return {
    catalog,
    scheduler,
    broken,
    /** What was to be started, also when it could not be, or had been before. */
    asked,
    async at(time: string) {
      now = new Date(time.includes('T') ? time : `2026-05-04T${time}Z`);
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
    const second = await serverOver(storage, runs);
    await second.at('10:06:01');
    expect(dates(runs)).toEqual(expected);
  });

  it('runs a sync once for all that was missed, unless it is told otherwise', async () => {
    const storage = createMemoryStorage();
    const sync = (id: string, more: string) =>
      flowWith('company', id, schedule(`cron: "* * * * *"${more}`)).replace(
        'type: core.log.Log\n    message: hello',
        'type: git.SyncFlows\n    url: https://example.com/flows\n    targetNamespace: company',
      );
    await put(storage, 'company', 'one', sync('one', ''));
    await put(storage, 'company', 'two', sync('two', '\nrecoverMissedSchedules: ALL'));
    const runs = new Map<string, StartRequest>();
    await (await serverOver(storage, runs)).at('10:00:30');
    await (await serverOver(storage, runs)).at('10:04:00');
    const found = [...runs.values()].map(({ flow, trigger, coalesceKey }) => [
      flow.id,
      String(trigger.variables.date).slice(11, 16),
      coalesceKey,
    ]);
    expect(found).toEqual([
      ['one', '10:03', 'schedule company/one/timer'],
      ['one', '10:04', 'schedule company/one/timer'],
      ...['10:01', '10:02', '10:03', '10:04'].map((time) => ['two', time, undefined]),
    ]);
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
    server.broken.add('one');
    expect(await server.at('10:01:00')).toEqual(new Date('2026-05-04T10:01:05Z'));
    server.broken.clear();
    await server.at('10:01:05');
    await server.at('10:01:10');
    expect(dates(runs)).toEqual(['10:01:00']);
  });

  it('goes on with the others while one cannot be started, and asks for none of theirs again', async () => {
    const storage = await stored('cron: "* * * * *"\nrecoverMissedSchedules: ALL');
    await put(storage, 'company', 'two', flowWith('company', 'two', schedule('cron: "* * * * *"')));
    const runs = new Map<string, StartRequest>();
    const server = await serverOver(storage, runs);
    await server.at('10:00:30');
    server.broken.add('one');
    expect(await server.at('10:01:00')).toEqual(new Date('2026-05-04T10:01:05Z'));
    expect(await server.at('10:01:05')).toEqual(new Date('2026-05-04T10:01:10Z'));
    await server.at('10:02:00');
    expect(dates(runs)).toEqual(['10:01:00', '10:02:00']);
    expect(server.asked.filter((text) => text.startsWith('two'))).toHaveLength(2);
    // What could not be started is found by another server as well.
    const other = await serverOver(storage, runs);
    await other.at('10:02:10');
    await server.at('10:02:20');
    expect([...runs.values()].map(({ flow, trigger }) => [flow.id, trigger.variables.date])).toEqual([
      ['two', '2026-05-04T10:01:00Z'],
      ['two', '2026-05-04T10:02:00Z'],
      ['one', '2026-05-04T10:01:00Z'],
      ['one', '2026-05-04T10:02:00Z'],
    ]);
  });

  it('fails a run whose inputs cannot be rendered, once for each time, and goes on', async () => {
    const storage = await stored('cron: "* * * * *"\ninputs:\n  day: "{{ nothing.there }}"');
    await put(storage, 'company', 'two', flowWith('company', 'two', schedule('cron: "* * * * *"')));
    const told: unknown[] = [];
    const logger = { ...silentLogger, error: (fields: unknown) => told.push(fields) };
    const runs = new Map<string, StartRequest>();
    const server = await serverOver(storage, runs, { logger });
    for (const time of ['10:00:30', '10:01:00', '10:01:05', '10:02:00']) await server.at(time);
    expect([...runs.values()].map(({ flow }) => flow.id)).toEqual(['one', 'two', 'one', 'two']);
    const failures = [...runs.values()].map(({ failure }) =>
      failure === undefined ? null : reportError(failure).code,
    );
    expect(failures).toEqual(['EXPRESSION_ERROR', null, 'EXPRESSION_ERROR', null]);
    expect(told).toEqual(
      ['10:01', '10:02'].map((time) =>
        expect.objectContaining({
          schedule: 'company/one/timer',
          date: new Date(`2026-05-04T${time}:00Z`),
          error: expect.objectContaining({ code: 'EXPRESSION_ERROR' }),
        }),
      ),
    );
  });

  it('asks no cron expression while nothing is due', async () => {
    const storage = createMemoryStorage();
    for (let number = 0; number < 50; number++) {
      const id = `flow${number}`;
      await put(storage, 'company', id, flowWith('company', id, schedule(`cron: "${number} * * * *"`)));
    }
    const server = await serverOver(storage, new Map());
    await server.at('10:51:00');
    const spies = [vi.spyOn(Cron.prototype, 'nextRun'), vi.spyOn(Cron.prototype, 'previousRuns')];
    expect(await server.at('10:59:50')).toEqual(new Date('2026-05-04T11:00:00Z'));
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    await server.at('11:00:00');
    for (const spy of spies) spy.mockRestore();
    expect(server.asked).toEqual(['flow0 2026-05-04T11:00:00Z']);
  });

  it('makes a thousand runs at most of a year without a server, and not by counting its seconds', async () => {
    const storage = await stored('cron: "* * * * * *"\nwithSeconds: true\nrecoverMissedSchedules: ALL');
    const runs = new Map<string, StartRequest>();
    await (await serverOver(storage, runs)).at('2025-05-04T10:00:00Z');
    await (await serverOver(storage, runs)).at('2026-05-04T10:00:00Z');
    const recent = dates(runs).filter((date) => date >= '09:59:00' && date <= '10:00:00');
    expect(recent).toHaveLength(61);
    expect(runs.size).toBe(1061);
  });

  it('goes on when the clock is set back', async () => {
    const storage = await stored('cron: "*/5 * * * *"');
    const runs = new Map<string, StartRequest>();
    const server = await serverOver(storage, runs);
    for (const time of ['10:00:30', '10:05:00', '09:00:30', '09:05:00', '09:10:00']) await server.at(time);
    expect(dates(runs)).toEqual(['10:05:00', '09:05:00', '09:10:00']);
  });

  it('does not run what lies before an edit by what the edit says', async () => {
    const storage = await stored('cron: "0 0 * * *"\nrecoverMissedSchedules: ALL');
    const runs = new Map<string, StartRequest>();
    const server = await serverOver(storage, runs);
    for (const time of ['10:00:30', '10:00:45']) await server.at(time);
    await put(storage, 'company', 'one', flowWith('company', 'one', schedule('cron: "* * * * *"')));
    await server.catalog.refresh();
    await server.at('10:02:10');
    // Once more it is a name that is known, and what came since the last look is due.
    expect(dates(runs)).toEqual(['10:01:00', '10:02:00']);
  });

  // Skipped times come right after the change, those that come twice come once. Lord Howe shifts by half an hour.
  it.each([
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', '29T03:00:00+02:00', '30T02:30:00+02:00'],
    ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', '25T02:30:00+02:00', '26T02:30:00+01:00'],
    ['30 2 * * *', 'America/New_York', '2026-03-07T18:00:00Z', '08T03:00:00-04:00', '09T02:30:00-04:00'],
    ['30 1 * * *', 'America/New_York', '2026-10-31T18:00:00Z', '01T01:30:00-04:00', '02T01:30:00-05:00'],
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T06:00:00Z', '04T02:30:00+11:00', '05T02:15:00+11:00'],
    ['45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T06:00:00Z', '05T01:45:00+11:00', '06T01:45:00+10:30'],
  ])('runs %s in %s once a day where clocks change, from %s', async (cron, timezone, from, ...expected) => {
    const storage = await stored(`cron: "${cron}"\ntimezone: ${timezone}`);
    const runs = new Map<string, StartRequest>();
    const server = await serverOver(storage, runs);
    for (let minute = 0; minute <= 40 * 60; minute += 5) {
      await server.at(new Date(Date.parse(from) + minute * 60_000).toISOString());
    }
    expect([...runs.values()].map(({ trigger }) => String(trigger.variables.date).slice(8))).toEqual(
      expected,
    );
    expect(new Set(server.asked).size).toBe(server.asked.length);
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
        startRuns: together(new Set(), async (request) => {
          runs.set(request.executionId ?? '', request);
          if (runs.size === 2) void scheduler.stop().then(resolve);
          return { executionId: request.executionId ?? '', started: true };
        }),
      });
      void scheduler.start();
    });
    await seen;
    expect(runs.size).toBe(2);
  });
});
