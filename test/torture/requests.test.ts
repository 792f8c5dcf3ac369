import { expect, test } from 'vitest';
import { sendHostileRequests } from './requests.js';

test('hostile requests start nothing and break nothing; a signed delivery starts its flow', async () => {
  const { statuses, ...result } = await sendHostileRequests(330);
  expect(result).toMatchObject({ requests: 330, serverErrors: [], started: 1, startedByOthers: 0 });
  expect(Object.values(statuses).reduce((sum, count) => sum + count, 0)).toBe(330);
  expect(Object.keys(statuses).every((status) => Number(status) < 500)).toBe(true);
});
